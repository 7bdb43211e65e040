namespace Gantry.Storage.Events;

/// <summary>How many events are kept. The oldest go first, some thousands at a time.</summary>
public sealed record EventLogOptions
{
    /// <summary>Whether any are.</summary>
    public bool Keep { get; init; } = true;

    /// <summary>The greatest number of events.</summary>
    public int MaxCount { get; init; } = 200_000;

    /// <summary>The greatest size of all files, in bytes.</summary>
    public int MaxBytes { get; init; } = 64 << 20;

    /// <summary>The greatest age; zero: any.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);
}
