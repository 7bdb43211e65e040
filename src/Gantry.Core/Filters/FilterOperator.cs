namespace Gantry.Core.Filters;

/// <summary>What a selector asks of a field.</summary>
internal enum FilterOperator
{
    Present,
    Equal,
    NotEqual,
    Matches,
}
