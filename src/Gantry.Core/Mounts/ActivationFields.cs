using Gantry.Core.Filters;

namespace Gantry.Core.Mounts;

/// <summary>What a filter can ask of an activation: <c>name</c>, <c>labels.KEY</c>.</summary>
/// <param name="activation">The object.</param>
public sealed class ActivationFields(Activation activation) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "name" => MapFields.Present(activation.Name, out value),
            "labels" => MapFields.TryGet(activation.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
