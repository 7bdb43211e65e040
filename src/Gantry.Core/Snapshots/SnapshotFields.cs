using Gantry.Core.Filters;

namespace Gantry.Core.Snapshots;

/// <summary>What a filter can ask of a snapshot: <c>kind</c>, <c>name</c>, <c>parent</c>, <c>labels.KEY</c>.</summary>
/// <param name="snapshot">The object.</param>
public sealed class SnapshotFields(SnapshotInfo snapshot) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "kind" => MapFields.Present(Kind(snapshot.Kind), out value),
            "name" => MapFields.Present(snapshot.Name, out value),
            "parent" => MapFields.Given(snapshot.Parent, out value),
            "labels" => MapFields.TryGet(snapshot.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };

    private static string Kind(SnapshotKind kind) => kind switch
    {
        SnapshotKind.View => "view",
        SnapshotKind.Active => "active",
        SnapshotKind.Committed => "committed",
        _ => "",
    };
}
