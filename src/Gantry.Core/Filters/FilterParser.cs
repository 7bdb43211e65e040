using Gantry.Core.Errors;

namespace Gantry.Core.Filters;

/// <summary>
/// Parses one filter:
/// <code>
/// filter   = selector { "," selector }
/// selector = path [ operator value ]
/// path     = field { "." field }
/// field    = word | quoted
/// operator = "==" | "!=" | "~="
/// value    = word | quoted        (only ~= takes /…/ and |…|)
/// </code>
/// Errors show the place, and are worded as containerd words them.
/// </summary>
internal sealed class FilterParser
{
    private readonly string _input;
    private readonly FilterScanner _scanner;

    private FilterParser(string input)
    {
        _input = input;
        _scanner = new FilterScanner(input);
    }

    /// <summary>The selectors of a filter; none for an empty text.</summary>
    /// <exception cref="GantryException">InvalidArgument: the text is no filter.</exception>
    public static Selector[] Parse(string text)
    {
        if (text.Length > Filter.MaxLength)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"filters: a filter of {text.Length} characters is longer than the {Filter.MaxLength} that are allowed");
        }

        return text.Length == 0 ? [] : new FilterParser(text).ParseSelectors();
    }

    private Selector[] ParseSelectors()
    {
        List<Selector> selectors = [ParseSelector()];
        while (!_scanner.AtEnd)
        {
            if (_scanner.Peek() != ',')
            {
                throw Error(_scanner.Position, $"unexpected input: {_scanner.Peek()}");
            }

            _scanner.Scan();
            selectors.Add(ParseSelector());
        }

        return [.. selectors];
    }

    private Selector ParseSelector()
    {
        string[] path = ParsePath();
        if (_scanner.AtEnd || _scanner.Peek() == ',')
        {
            return new Selector(path, FilterOperator.Present, "");
        }

        FilterOperator op = ParseOperator();
        return new Selector(path, op, ParseValue(op == FilterOperator.Matches));
    }

    private string[] ParsePath()
    {
        List<string> path = [ParseField()];
        while (_scanner.Peek() == '.')
        {
            _scanner.Scan();
            path.Add(ParseField());
        }

        return [.. path];
    }

    private string ParseField() => _scanner.Scan() switch
    {
        FilterToken.Field => _scanner.Text.ToString(),
        FilterToken.Quoted => Unquote(anyQuote: false),
        FilterToken.Illegal => throw Error(_scanner.Start, _scanner.Error),
        _ => throw Error(_scanner.Start, "expected field or quoted"),
    };

    private FilterOperator ParseOperator()
    {
        switch (_scanner.Scan())
        {
            case FilterToken.Operator:
                return _scanner.Text switch
                {
                    "==" => FilterOperator.Equal,
                    "!=" => FilterOperator.NotEqual,
                    "~=" => FilterOperator.Matches,
                    _ => throw Error(_scanner.Start, $"unsupported operator \"{_scanner.Text}\""),
                };
            case FilterToken.Illegal:
                throw Error(_scanner.Start, _scanner.Error);
            default:
                throw Error(_scanner.Start, "expected an operator (\"==\"|\"!=\"|\"~=\")");
        }
    }

    private string ParseValue(bool anyQuote) => _scanner.Scan() switch
    {
        FilterToken.Value or FilterToken.Field => _scanner.Text.ToString(),
        FilterToken.Quoted => Unquote(anyQuote),
        FilterToken.Illegal => throw Error(_scanner.Start, _scanner.Error),
        _ => throw Error(_scanner.Start, "expected value or quoted"),
    };

    private string Unquote(bool anyQuote)
    {
        if (!anyQuote && _scanner.Text[0] != '"')
        {
            throw Error(_scanner.Start, "invalid quote encountered");
        }

        return QuotedText.TryUnquote(_scanner.Text, out string text)
            ? text
            : throw Error(_scanner.Start, "unquoting failed: quote syntax error");
    }

    private GantryException Error(int position, string what)
    {
        string place = position < _input.Length
            ? $"[{_input[..position]} >|{_input[position]}|< {_input[(position + 1)..]}]"
            : $"[{_input}]";
        return new GantryException(ErrorKind.InvalidArgument, $"filters: parse error: {place}: {what}");
    }
}
