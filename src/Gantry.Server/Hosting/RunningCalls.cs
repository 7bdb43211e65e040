using System.Collections.Concurrent;

namespace Gantry.Server.Hosting;

/// <summary>The calls that go on now, for those who want to know what the daemon is at.</summary>
/// <param name="time">The clock.</param>
internal sealed class RunningCalls(TimeProvider time)
{
    private readonly ConcurrentDictionary<object, (string Method, long Started)> _calls = [];

    /// <summary>The calls, the oldest first, with how long they have gone on.</summary>
    public IReadOnlyList<(string Method, TimeSpan Age)> List() =>
        [.. _calls.Values.OrderBy(call => call.Started).Select(call => (call.Method, time.GetElapsedTime(call.Started)))];

    /// <summary>A call begins.</summary>
    /// <param name="call">What stands for it until it ends.</param>
    /// <param name="method">The path that it asks for.</param>
    public void Begin(object call, string method) => _calls[call] = (method, time.GetTimestamp());

    /// <summary>A call has ended.</summary>
    /// <param name="call">What stands for it.</param>
    public void End(object call) => _calls.TryRemove(call, out _);
}
