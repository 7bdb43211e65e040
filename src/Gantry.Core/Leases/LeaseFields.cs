using Gantry.Core.Filters;

namespace Gantry.Core.Leases;

/// <summary>What a filter can ask of a lease: <c>id</c>, <c>labels.KEY</c>.</summary>
/// <param name="lease">The object.</param>
public sealed class LeaseFields(Lease lease) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "id" => MapFields.Present(lease.Id, out value),
            "labels" => MapFields.TryGet(lease.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
