namespace Gantry.Storage.Adopt;

/// <summary>A snapshot, as containerd's metadata has it.</summary>
/// <param name="Snapshotter">The snapshotter.</param>
/// <param name="Key">Its key in its namespace.</param>
/// <param name="BackendName">What the snapshotter's own database calls it: <c>NAMESPACE/NUMBER/KEY</c>.</param>
/// <param name="Parent">The key of its parent; empty for none.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="Labels">Labels.</param>
internal sealed record ContainerdSnapshot(
    string Snapshotter,
    string Key,
    string BackendName,
    string Parent,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyDictionary<string, string> Labels);
