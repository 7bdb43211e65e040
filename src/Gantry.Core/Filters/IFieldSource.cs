namespace Gantry.Core.Filters;

/// <summary>An object that a filter can look into.</summary>
public interface IFieldSource
{
    /// <summary>The value of a field.</summary>
    /// <param name="path">The field's path, split at dots; a quoted part is one element: <c>labels."a.b/c"</c>.</param>
    /// <param name="value">The value.</param>
    /// <returns>False when the object has no such field.</returns>
    bool TryGetField(ReadOnlySpan<string> path, out string value);
}
