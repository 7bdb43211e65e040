namespace Gantry.Storage.Adopt;

/// <summary>Which root is taken over.</summary>
/// <param name="Root">The daemon's root directory.</param>
public sealed record AdoptionOptions(string Root)
{
    /// <summary>The snapshotters whose snapshots can be taken over, each with its directory.</summary>
    public IReadOnlyDictionary<string, string> SnapshotterRoots { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);
}
