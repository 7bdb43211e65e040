using Gantry.Linux.Processes;

namespace Gantry.Storage.Sqlite;

/// <summary>Work on the database that nobody waits for, on a thread of its own that gives way to all others.</summary>
internal static class BackgroundWork
{
    private const int Nice = 10;

    /// <summary>Does some work.</summary>
    /// <param name="work">The work; it waits for nothing but the disk.</param>
    public static Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            ProcessControl.SetThreadNice(Nice);
            return work();
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
