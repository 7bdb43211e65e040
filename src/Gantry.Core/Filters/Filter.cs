using Gantry.Core.Errors;

namespace Gantry.Core.Filters;

/// <summary>
/// A filter in containerd's language (WIRE: Filters): several texts are alternatives, selectors in one text joined by
/// <c>,</c> must all hold; <c>==</c>, <c>!=</c>, <c>~=</c>, or a bare field that must be present.
/// </summary>
public sealed partial class Filter
{
    /// <summary>The filter that lets everything pass.</summary>
    public static Filter Always { get; } = new();

    /// <summary>Parses filters.</summary>
    /// <param name="filters">Alternatives; none, or an empty text among them: everything passes.</param>
    /// <exception cref="GantryException">InvalidArgument: a text can't be parsed.</exception>
    public static Filter Parse(IReadOnlyList<string> filters) => throw new NotSupportedException();

    /// <summary>Whether an object passes.</summary>
    /// <param name="source">The object.</param>
    public bool Matches(IFieldSource source) => throw new NotSupportedException();
}
