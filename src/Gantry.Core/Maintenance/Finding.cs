namespace Gantry.Core.Maintenance;

/// <summary>One thing that a check has found.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Area">Where: <c>database</c>, <c>content</c>, <c>ingests</c>, <c>snapshots</c>, <c>images</c>, <c>mounts</c>, <c>bundles</c>.</param>
/// <param name="Subject">The object: a digest, a snapshot, a path; empty when it is the area itself.</param>
/// <param name="Problem">What is the matter.</param>
/// <param name="Remedy">What a repair does about it; empty when there is none.</param>
public sealed record Finding(
    FindingSeverity Severity,
    string Area,
    string Subject,
    string Problem,
    string Remedy = "")
{
    /// <summary>What was done about it.</summary>
    public FindingOutcome Outcome { get; init; } = FindingOutcome.Reported;

    /// <summary>Why it was not repaired.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Whether it is still the matter: no information only, and not repaired.</summary>
    public bool IsOpen => Severity != FindingSeverity.Info && Outcome != FindingOutcome.Repaired;
}
