namespace Gantry.Core.Maintenance;

/// <summary>What was done about a <see cref="Finding"/>.</summary>
public enum FindingOutcome
{
    /// <summary>It was reported, and nothing else.</summary>
    Reported = 1,

    /// <summary>It was repaired.</summary>
    Repaired = 2,

    /// <summary>A repair was wanted and not done; <see cref="Finding.Detail"/> says why.</summary>
    NotRepaired = 3,
}
