namespace Gantry.Server.Config;

/// <summary>When garbage is collected: containerd's keys of the scheduler.</summary>
public sealed record GcConfig
{
    /// <summary>The greatest part of all time that collections may take.</summary>
    public double PauseThreshold { get; init; } = 0.02;

    /// <summary>How many deletions start a collection at once; 0: none do.</summary>
    public int DeletionThreshold { get; init; }

    /// <summary>How many changes let the next deletion start a collection.</summary>
    public int MutationThreshold { get; init; } = 100;

    /// <summary>The time between what starts a collection and the collection.</summary>
    public TimeSpan ScheduleDelay { get; init; } = TimeSpan.Zero;

    /// <summary>The time between start and the first collection.</summary>
    public TimeSpan StartupDelay { get; init; } = TimeSpan.FromMilliseconds(100);
}
