using Gantry.Core.Filters;

namespace Gantry.Core.Sandboxes;

/// <summary>What a filter can ask of a sandbox: <c>id</c>, <c>labels.KEY</c>.</summary>
/// <param name="sandbox">The object.</param>
public sealed class SandboxFields(SandboxRecord sandbox) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value) =>
        path.IsEmpty ? MapFields.Absent(out value) : path[0] switch
        {
            "id" => MapFields.Present(sandbox.Id, out value),
            "labels" => MapFields.TryGet(sandbox.Labels, path[1..], out value),
            _ => MapFields.Absent(out value),
        };
}
