namespace Gantry.Server.Hosting;

/// <summary>What parts of the daemon need to know of its life.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Stopping">Signalled when the daemon begins to stop: calls that wait must end.</param>
public sealed record DaemonLifetime(TimeProvider Time, CancellationToken Stopping)
{
    /// <summary>Told of each call, by the one who gives memory back when there are none.</summary>
    internal MemoryTrimmer Trimmer { get; } = new(Time);

    /// <summary>The calls that go on.</summary>
    internal RunningCalls Calls { get; } = new(Time);

    /// <summary>A token that ends with a call or with the daemon. The caller disposes the source.</summary>
    /// <param name="call">The call's token.</param>
    public CancellationTokenSource Link(CancellationToken call) =>
        CancellationTokenSource.CreateLinkedTokenSource(call, Stopping);
}
