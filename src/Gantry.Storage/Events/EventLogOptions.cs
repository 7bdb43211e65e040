namespace Gantry.Storage.Events;

/// <summary>How many events are kept. The oldest go first, some thousands at a time.</summary>
public sealed record EventLogOptions
{
    /// <summary>The greatest number of events.</summary>
    public long MaxCount { get; init; } = 200_000;

    /// <summary>The greatest size of all files, in bytes.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>The greatest age; zero: any.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);
}
