using Gantry.Core.Filters;

namespace Gantry.Core.Mounts;

/// <summary>What a filter can ask of an activation: <c>name</c>, <c>labels.KEY</c>.</summary>
/// <param name="activation">The object.</param>
public sealed class ActivationFields(Activation activation) : IFieldSource
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
                return MapFields.Present(activation.Name, out value);
            case "labels":
                return MapFields.TryGet(activation.Labels, path[1..], out value);
            default:
                return MapFields.Absent(out value);
        }
    }
}
