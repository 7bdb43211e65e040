namespace Gantry.Storage.Gc;

/// <summary>When the collector runs: the keys of containerd's <c>io.containerd.gc.v1.scheduler</c>.</summary>
public sealed record CollectorOptions
{
    /// <summary>The share of time that scheduled collections may take; at most one half.</summary>
    public double PauseThreshold { get; init; } = 0.02;

    /// <summary>Deletions that bring about a collection at once; 0: deletions wait for the next scheduled one.</summary>
    public int DeletionThreshold { get; init; }

    /// <summary>Changes after which a collection runs though nothing was deleted; 0: never.</summary>
    public int MutationThreshold { get; init; } = 100;

    /// <summary>How long after its cause a collection starts.</summary>
    public TimeSpan ScheduleDelay { get; init; } = TimeSpan.Zero;

    /// <summary>How long after the start of the daemon the first collection starts; zero: none of its own.</summary>
    public TimeSpan StartupDelay { get; init; } = TimeSpan.FromMilliseconds(100);
}
