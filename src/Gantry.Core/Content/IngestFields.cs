using Gantry.Core.Filters;

namespace Gantry.Core.Content;

/// <summary>What a filter can ask of an ingest: <c>ref</c>.</summary>
/// <param name="ingest">The object.</param>
public sealed class IngestFields(IngestStatus ingest) : IFieldSource
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
            case "ref":
                value = ingest.Ref;
                return true;
            default:
                return MapFields.Absent(out value);
        }
    }
}
