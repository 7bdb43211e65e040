using Gantry.Core.Filters;

namespace Gantry.Core.Containers;

/// <summary>What a filter can ask of a container: <c>id</c>, <c>runtime.name</c>, <c>image</c>, <c>labels.KEY</c>.</summary>
/// <param name="container">The object.</param>
public sealed class ContainerFields(ContainerRecord container) : IFieldSource
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
                return MapFields.Present(container.Id, out value);
            case "runtime" when path.Length > 1 && path[1] == "name":
                return MapFields.Present(container.RuntimeName, out value);
            case "image":
                return MapFields.Present(container.Image, out value);
            case "labels":
                return MapFields.TryGet(container.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
