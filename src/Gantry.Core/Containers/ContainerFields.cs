using Gantry.Core.Filters;

namespace Gantry.Core.Containers;

/// <summary>What a filter can ask of a container: <c>id</c>, <c>runtime.name</c>, <c>image</c>, <c>labels.KEY</c>.</summary>
/// <param name="container">The object.</param>
public sealed class ContainerFields(ContainerRecord container) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "id" => MapFields.Present(container.Id, out value),
            "runtime" when path.Length > 1 && path[1] == "name" => MapFields.Present(container.RuntimeName, out value),
            "image" => MapFields.Present(container.Image, out value),
            "labels" => MapFields.TryGet(container.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
