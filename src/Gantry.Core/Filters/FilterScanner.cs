using System.Buffers;
using System.Globalization;

namespace Gantry.Core.Filters;

/// <summary>
/// Cuts a filter into words:
/// <code>
/// field      [A-Za-z0-9_]+
/// quoted     "…"  /…/  |…|   with Go's escapes; the quote itself is escaped by a backslash
/// operator   [=!~]+
/// separator  ,  .
/// value      after an operator: anything up to a comma or white space
/// </code>
/// </summary>
internal sealed class FilterScanner(string input)
{
    private static readonly SearchValues<char> FieldCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static readonly SearchValues<char> OperatorCharacters = SearchValues.Create("=!~");

    private bool _afterOperator;

    /// <summary>Where the next character is.</summary>
    public int Position { get; private set; }

    /// <summary>Where the last word began.</summary>
    public int Start { get; private set; }

    /// <summary>The last word as it stands.</summary>
    public ReadOnlySpan<char> Text => input.AsSpan(Start, Position - Start);

    /// <summary>What is wrong with an illegal word.</summary>
    public string Error { get; private set; } = "";

    public bool AtEnd => Position >= input.Length;

    /// <summary>The next character, which is not taken; NUL at the end.</summary>
    public char Peek() => AtEnd ? '\0' : input[Position];

    /// <summary>Takes the next word.</summary>
    public FilterToken Scan()
    {
        while (!AtEnd && char.IsWhiteSpace(input[Position]))
        {
            Position++;
        }

        Start = Position;
        if (AtEnd)
        {
            return FilterToken.End;
        }

        char first = input[Position++];
        if (first is '"' or '/' or '|')
        {
            return ScanQuoted(first) ? FilterToken.Quoted : FilterToken.Illegal;
        }

        if (first is ',' or '.')
        {
            _afterOperator = false;
            return FilterToken.Separator;
        }

        if (OperatorCharacters.Contains(first))
        {
            TakeWhile(OperatorCharacters.Contains);
            _afterOperator = true;
            return FilterToken.Operator;
        }

        if (_afterOperator)
        {
            TakeWhile(IsValueCharacter);
            _afterOperator = false;
            return FilterToken.Value;
        }

        if (FieldCharacters.Contains(first))
        {
            TakeWhile(FieldCharacters.Contains);
            return FilterToken.Field;
        }

        return FilterToken.Other;
    }

    private static bool IsValueCharacter(char c) =>
        c != ',' && !char.IsWhiteSpace(c)
        && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private void TakeWhile(Func<char, bool> wanted)
    {
        while (!AtEnd && wanted(input[Position]))
        {
            Position++;
        }
    }

    private bool ScanQuoted(char quote)
    {
        while (!AtEnd && input[Position] != '\n')
        {
            char c = input[Position++];
            if (c == quote)
            {
                return true;
            }

            if (c == '\\' && !ScanEscape(quote))
            {
                return false;
            }
        }

        Error = "quoted literal not terminated";
        return false;
    }

    private bool ScanEscape(char quote)
    {
        char c = AtEnd ? '\0' : input[Position++];
        switch (c)
        {
            case 'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '\\':
                return true;
            case >= '0' and <= '7':
                Position--;
                return ScanDigits(3, char.IsAsciiDigit);
            case 'x':
                return ScanDigits(2, char.IsAsciiHexDigit);
            case 'u':
                return ScanDigits(4, char.IsAsciiHexDigit);
            case 'U':
                return ScanDigits(8, char.IsAsciiHexDigit);
            default:
                if (c == quote)
                {
                    return true;
                }

                Error = "illegal escape sequence";
                return false;
        }
    }

    private bool ScanDigits(int count, Func<char, bool> isDigit)
    {
        for (int i = 0; i < count; i++)
        {
            if (AtEnd || !isDigit(input[Position]))
            {
                Error = "illegal numeric escape sequence";
                return false;
            }

            Position++;
        }

        return true;
    }
}
