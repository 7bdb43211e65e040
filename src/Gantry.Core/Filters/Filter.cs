using Gantry.Core.Errors;

namespace Gantry.Core.Filters;

/// <summary>
/// A filter in containerd's language (WIRE: Filters): several texts are alternatives, selectors in one text joined by
/// <c>,</c> must all hold; <c>==</c>, <c>!=</c>, <c>~=</c>, or a bare field that must be present.
/// </summary>
/// <example>
/// <code>
/// name==docker.io/library/busybox:latest
/// labels."containerd.io/gc.root",kind==active
/// topic~=|^/tasks/|
/// </code>
/// </example>
public sealed class Filter
{
    /// <summary>The greatest number of characters in one text.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>The greatest number of texts.</summary>
    public const int MaxAlternatives = 1024;

    private readonly Selector[][] _alternatives;

    private Filter(Selector[][] alternatives) => _alternatives = alternatives;

    /// <summary>The filter that lets everything pass.</summary>
    public static Filter Always { get; } = new([[]]);

    /// <summary>Whether this filter lets everything pass, so that nothing need be looked at.</summary>
    public bool IsAlways => Array.Exists(_alternatives, static selectors => selectors.Length == 0);

    /// <summary>Parses filters.</summary>
    /// <param name="filters">Alternatives; none, or an empty text among them: everything passes.</param>
    /// <exception cref="GantryException">InvalidArgument: a text can't be parsed.</exception>
    public static Filter Parse(IReadOnlyList<string> filters)
    {
        ArgumentNullException.ThrowIfNull(filters);
        if (filters.Count == 0)
        {
            return Always;
        }

        if (filters.Count > MaxAlternatives)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"filters: {filters.Count} alternatives are more than the {MaxAlternatives} that are allowed");
        }

        return new Filter([.. filters.Select(FilterParser.Parse)]);
    }

    /// <summary>Whether an object passes.</summary>
    /// <param name="source">The object.</param>
    public bool Matches(IFieldSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        foreach (Selector[] selectors in _alternatives)
        {
            if (Array.TrueForAll(selectors, selector => selector.Matches(source)))
            {
                return true;
            }
        }

        return false;
    }
}
