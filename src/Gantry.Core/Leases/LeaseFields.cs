using Gantry.Core.Filters;

namespace Gantry.Core.Leases;

/// <summary>What a filter can ask of a lease: <c>id</c>, <c>labels.KEY</c>.</summary>
/// <param name="lease">The object.</param>
public sealed class LeaseFields(Lease lease) : IFieldSource
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
            case "id":
                return MapFields.Present(lease.Id, out value);
            case "labels":
                return MapFields.TryGet(lease.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
