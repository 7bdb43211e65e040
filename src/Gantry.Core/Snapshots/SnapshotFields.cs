using Gantry.Core.Filters;

namespace Gantry.Core.Snapshots;

/// <summary>What a filter can ask of a snapshot: <c>kind</c>, <c>name</c>, <c>parent</c>, <c>labels.KEY</c>.</summary>
/// <param name="snapshot">The object.</param>
public sealed class SnapshotFields(SnapshotInfo snapshot) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        if (path.IsEmpty)
        {
            return MapFields.Absent(out value);
        }

        switch (path[0])
        {
            case "kind":
                value = snapshot.Kind switch
                {
                    SnapshotKind.View => "view",
                    SnapshotKind.Active => "active",
                    SnapshotKind.Committed => "committed",
                    _ => "",
                };
                return value.Length > 0;
            case "name":
                value = snapshot.Name;
                return true;
            case "parent":
                value = snapshot.Parent;
                return true;
            case "labels":
                return MapFields.TryGet(snapshot.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
