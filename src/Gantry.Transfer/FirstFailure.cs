using System.Runtime.ExceptionServices;

namespace Gantry.Transfer;

/// <summary>Tasks that are of use only together.</summary>
internal static class FirstFailure
{
    /// <summary>The first failure ends the others, and is the one that is thrown when they have ended.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="others">What ends them.</param>
    public static async Task AllAsync(IReadOnlyList<Task> tasks, CancellationTokenSource others)
    {
        List<Task> running = [.. tasks];
        ExceptionDispatchInfo? first = null;
        while (running.Count > 0)
        {
            Task ended = await Task.WhenAny(running);
            running.Remove(ended);
            if (ended.IsCompletedSuccessfully)
            {
                continue;
            }

            if (first is null)
            {
                first = ExceptionDispatchInfo.Capture(
                    ended.Exception?.InnerException ?? new OperationCanceledException(others.Token));
                await others.CancelAsync();
            }
        }

        first?.Throw();
    }
}
