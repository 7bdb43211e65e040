using Gantry.Core.Filters;

namespace Gantry.Core.Namespaces;

/// <summary>What a filter can ask of a namespace: <c>name</c>, <c>labels.KEY</c>.</summary>
/// <param name="info">The object.</param>
public sealed class NamespaceFields(NamespaceInfo info) : IFieldSource
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
            case "name":
                value = info.Name.ToString();
                return true;
            case "labels":
                return MapFields.TryGet(info.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
