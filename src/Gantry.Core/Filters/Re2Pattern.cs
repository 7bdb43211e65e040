using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gantry.Core.Filters;

/// <summary>
/// Regular expressions in the syntax of RE2, which clients write, for .NET's engine. Matching takes time in proportion
/// to the text, whatever the expression: .NET's engine without backtracking is used, and what it refuses (look-around,
/// references back) is no RE2 either. Translated are:
/// <list type="bullet">
/// <item>named groups <c>(?P&lt;n&gt;…)</c>, quotes <c>\Q…\E</c>, code points <c>\x{…}</c>, any byte <c>\C</c></item>
/// <item>classes <c>[[:alpha:]]</c>, and <c>\d \w \s</c>, which are ASCII in RE2</item>
/// <item><c>$</c>, which in RE2 is the very end; the flag U, which changes nothing about whether a text matches</item>
/// </list>
/// </summary>
internal sealed class Re2Pattern
{
    /// <summary>The greatest count in a repetition, RE2's own limit.</summary>
    private const int MaxRepeat = 1000;

    private const string Digit = "0-9";
    private const string NotDigit = @"\0-/:-\uffff";
    private const string Word = "0-9A-Za-z_";
    private const string NotWord = @"\0-/:-@\[-\^`{-\uffff";
    private const string Space = @"\t\n\f\r ";
    private const string NotSpace = @"\0-\x08\x0b\x0e-\x1f!-\uffff";

    private static readonly SearchValues<char> Flags = SearchValues.Create("imsU-");
    private static readonly SearchValues<char> RepeatCharacters = SearchValues.Create("0123456789,");

    private readonly string _pattern;
    private readonly bool _multiline;
    private readonly StringBuilder _result = new();
    private int _position;

    private Re2Pattern(string pattern)
    {
        _pattern = pattern;
        _multiline = HasMultilineFlag(pattern);
    }

    /// <summary>Compiles an expression; null when it is none, or one that would grow too large.</summary>
    public static Regex? TryCompile(string pattern)
    {
        try
        {
            string translated = new Re2Pattern(pattern).Translate();
#pragma warning disable RS0030 // The expression comes from a client, so it can't be generated at build time.
            return new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
#pragma warning restore RS0030
        }
        catch (Exception unusable) when (unusable is ArgumentException or NotSupportedException or FormatException)
        {
            return null;
        }
    }

    private static bool HasMultilineFlag(string pattern)
    {
        for (int at = pattern.IndexOf("(?", StringComparison.Ordinal); at >= 0;
             at = pattern.IndexOf("(?", at + 2, StringComparison.Ordinal))
        {
            for (int i = at + 2; i < pattern.Length && pattern[i] is not (')' or ':' or '<' or '-' or 'P'); i++)
            {
                if (pattern[i] == 'm')
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static FormatException Invalid(string what) => new(what);

    private string Translate()
    {
        while (_position < _pattern.Length)
        {
            char c = _pattern[_position];
            switch (c)
            {
                case '\\':
                    TranslateEscape(inClass: false);
                    break;
                case '[':
                    TranslateClass();
                    break;
                case '(' when Next(1) == '?':
                    TranslateGroup();
                    break;
                case '{':
                    TranslateRepeat();
                    break;
                case '$':
                    _position++;
                    _result.Append(_multiline ? "$" : @"\z");
                    break;
                default:
                    _position++;
                    _result.Append(c);
                    break;
            }
        }

        return _result.ToString();
    }

    private char Next(int offset) => _position + offset < _pattern.Length ? _pattern[_position + offset] : '\0';

    private void TranslateGroup()
    {
        if (Next(2) == 'P' && Next(3) == '<')
        {
            _result.Append("(?<");
            _position += 4;
            return;
        }

        if (Next(2) == '<' && Next(3) is not ('=' or '!'))
        {
            _result.Append("(?<");
            _position += 3;
            return;
        }

        int end = _pattern.AsSpan(_position).IndexOfAny(':', ')');
        ReadOnlySpan<char> flags = end < 0 ? [] : _pattern.AsSpan(_position + 2, end - 2);
        if (end < 0 || flags.ContainsAnyExcept(Flags))
        {
            throw Invalid("a group of a kind that RE2 does not have");
        }

        string kept = flags.ToString().Replace("U", "", StringComparison.Ordinal).TrimEnd('-');
        bool closed = _pattern[_position + end] == ')';
        _result.Append(kept.Length == 0 && closed ? "(?:)" : $"(?{kept}{_pattern[_position + end]}");
        _position += end + 1;
    }

    private void TranslateRepeat()
    {
        int end = _pattern.IndexOf('}', _position);
        ReadOnlySpan<char> inner = end < 0 ? [] : _pattern.AsSpan(_position + 1, end - _position - 1);
        if (inner.Length == 0 || inner[0] == ',' || inner.ContainsAnyExcept(RepeatCharacters))
        {
            // Not a repetition: RE2 takes the brace as it is.
            _result.Append(@"\{");
            _position++;
            return;
        }

        foreach (Range part in inner.Split(','))
        {
            ReadOnlySpan<char> number = inner[part];
            if (number.Length > 0
                && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                    || count > MaxRepeat))
            {
                throw Invalid("too many repetitions");
            }
        }

        _result.Append('{').Append(inner).Append('}');
        _position = end + 1;
    }

    private void TranslateClass()
    {
        _result.Append('[');
        _position++;
        if (Next(0) == '^')
        {
            _result.Append('^');
            _position++;
        }

        bool first = true;
        while (_position < _pattern.Length)
        {
            char c = _pattern[_position];
            if (c == ']' && !first)
            {
                _result.Append(']');
                _position++;
                return;
            }

            first = false;
            if (c == '[' && Next(1) == ':')
            {
                TranslateNamedClass();
            }
            else if (c == '\\')
            {
                TranslateEscape(inClass: true);
            }
            else
            {
                // A bracket would begin a subtraction in .NET.
                _result.Append(c is '[' or ']' ? "\\" : "").Append(c);
                _position++;
            }
        }

        throw Invalid("a class that is not closed");
    }

    private void TranslateNamedClass()
    {
        int end = _pattern.IndexOf(":]", _position + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            _result.Append(@"\[");
            _position++;
            return;
        }

        _result.Append(_pattern[(_position + 2)..end] switch
        {
            "alnum" => "0-9A-Za-z",
            "^alnum" => @"\0-/:-@\[-`{-\uffff",
            "alpha" => "A-Za-z",
            "^alpha" => @"\0-@\[-`{-\uffff",
            "ascii" => @"\0-\x7f",
            "^ascii" => @"\x80-\uffff",
            "blank" => @"\t ",
            "^blank" => @"\0-\x08\n-\x1f!-\uffff",
            "cntrl" => @"\0-\x1f\x7f",
            "^cntrl" => @" -~\x80-\uffff",
            "digit" => Digit,
            "^digit" => NotDigit,
            "graph" => "!-~",
            "^graph" => @"\0- \x7f-\uffff",
            "lower" => "a-z",
            "^lower" => @"\0-`{-\uffff",
            "print" => " -~",
            "^print" => @"\0-\x1f\x7f-\uffff",
            "punct" => @"!-/:-@\[-`{-~",
            "^punct" => @"\0- 0-9A-Za-z\x7f-\uffff",
            "space" => @"\t-\r ",
            "^space" => @"\0-\x08\x0e-\x1f!-\uffff",
            "upper" => "A-Z",
            "^upper" => @"\0-@\[-\uffff",
            "word" => Word,
            "^word" => NotWord,
            "xdigit" => "0-9A-Fa-f",
            "^xdigit" => @"\0-/:-@G-`g-\uffff",
            _ => throw Invalid("a class whose name is not known"),
        });
        _position = end + 2;
    }

    private void TranslateEscape(bool inClass)
    {
        char c = Next(1);
        string? set = c switch
        {
            'd' => Digit,
            'D' => NotDigit,
            'w' => Word,
            'W' => NotWord,
            's' => Space,
            'S' => NotSpace,
            _ => null,
        };
        if (set is not null)
        {
            _result.Append(inClass ? set : $"[{set}]");
            _position += 2;
            return;
        }

        switch (c)
        {
            case 'Q' when !inClass:
                TranslateQuote();
                break;
            case 'C' when !inClass:
                _result.Append(@"[\0-\uffff]");
                _position += 2;
                break;
            case 'A' or 'z' or 'b' or 'B' when !inClass:
            case 'a' or 'f' or 'n' or 'r' or 't' or 'v':
                _result.Append('\\').Append(c);
                _position += 2;
                break;
            case 'x':
                TranslateCodePoint(inClass);
                break;
            case 'p' or 'P':
                TranslateProperty(c);
                break;
            case >= '0' and <= '7' when c == '0' || char.IsAsciiDigit(Next(2)):
                TranslateOctal();
                break;
            default:
                if (c == '\0' || char.IsAsciiLetterOrDigit(c))
                {
                    throw Invalid("an escape that RE2 does not have");
                }

                _result.Append('\\').Append(c);
                _position += 2;
                break;
        }
    }

    private void TranslateQuote()
    {
        int end = _pattern.IndexOf(@"\E", _position + 2, StringComparison.Ordinal);
        string literal = end < 0 ? _pattern[(_position + 2)..] : _pattern[(_position + 2)..end];
        foreach (char c in literal)
        {
            AppendCharacter(c);
        }

        _position = end < 0 ? _pattern.Length : end + 2;
    }

    private void TranslateCodePoint(bool inClass)
    {
        int start = _position + 2;
        int length = 2;
        int close = 0;
        if (Next(2) == '{')
        {
            start++;
            length = _pattern.IndexOf('}', start) - start;
            close = 1;
        }

        if (length is < 1 or > 8 || start + length > _pattern.Length)
        {
            throw Invalid("a code point without digits");
        }

        int value = int.Parse(
            _pattern.AsSpan(start, length),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture);
        if (!Rune.IsValid(value) || (inClass && value > char.MaxValue))
        {
            throw Invalid("a code point that is not supported");
        }

        foreach (char c in new Rune(value).ToString())
        {
            AppendCharacter(c);
        }

        _position = start + length + close;
    }

    private void TranslateOctal()
    {
        int value = 0;
        int digits = 0;
        while (digits < 3 && Next(1 + digits) is >= '0' and <= '7' and char digit)
        {
            value = (value << 3) | (digit - '0');
            digits++;
        }

        AppendCharacter((char)value);
        _position += 1 + digits;
    }

    private void TranslateProperty(char kind)
    {
        if (Next(2) != '{')
        {
            _result.Append('\\').Append(kind).Append('{').Append(Next(2)).Append('}');
            _position += 3;
            return;
        }

        int end = _pattern.IndexOf('}', _position);
        if (end < 0)
        {
            throw Invalid("a property without an end");
        }

        string name = _pattern[(_position + 3)..end];
        bool negated = name.StartsWith('^');
        char effective = negated == (kind == 'p') ? 'P' : 'p';
        _result.Append('\\').Append(effective).Append('{').Append(negated ? name[1..] : name).Append('}');
        _position = end + 1;
    }

    private void AppendCharacter(char c) =>
        _result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
