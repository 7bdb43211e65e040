using Gantry.Core.Filters;

namespace Gantry.Runtime.Tasks;

/// <summary>What a filter finds in a task: <c>id</c>, <c>namespace</c>, <c>runtime</c>.</summary>
internal sealed class TaskFields(ManagedTask task) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        value = path.Length != 1
            ? ""
            : path[0] switch
            {
                "id" => task.Bundle.Id,
                "namespace" => task.Bundle.Namespace.ToString(),
                "runtime" => task.RuntimeName,
                _ => "",
            };
        return value.Length > 0;
    }
}
