using Gantry.Core.Filters;

namespace Gantry.Core.Namespaces;

/// <summary>What a filter can ask of a namespace: <c>name</c>, <c>labels.KEY</c>.</summary>
/// <param name="info">The object.</param>
public sealed class NamespaceFields(NamespaceInfo info) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "name" => MapFields.Present(info.Name.ToString(), out value),
            "labels" => MapFields.TryGet(info.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
