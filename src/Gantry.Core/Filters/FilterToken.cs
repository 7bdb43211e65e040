namespace Gantry.Core.Filters;

/// <summary>The kinds of words that a filter is made of.</summary>
internal enum FilterToken
{
    End,

    /// <summary>A character that starts no word.</summary>
    Other,

    /// <summary>A quoted text that is cut short or has a wrong escape.</summary>
    Illegal,
    Field,
    Value,
    Quoted,
    Operator,
    Separator,
}
