using Gantry.Core.Filters;

namespace Gantry.Core.Content;

/// <summary>What a filter can ask of an ingest: <c>ref</c>.</summary>
/// <param name="ingest">The object.</param>
public sealed class IngestFields(IngestStatus ingest) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "ref" => MapFields.Given(ingest.Ref, out value),
            _ => MapFields.Absent(out value),
        };
}
