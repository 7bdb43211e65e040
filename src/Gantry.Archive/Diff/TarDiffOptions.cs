namespace Gantry.Archive.Diff;

/// <summary>How changes are written.</summary>
public sealed record TarDiffOptions
{
    /// <summary>No entry is younger than this, and whiteouts are of this time; without it they are of 1970.</summary>
    public DateTimeOffset? SourceDateEpoch { get; init; }
}
