using System.Buffers;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Gantry.Cli.CommandLine;

/// <summary>Values of options that are more than text.</summary>
internal static class Values
{
    private const long MaxMilliseconds = int.MaxValue;
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary><c>1h2m3.5s</c>, <c>200ms</c>, or a number of seconds.</summary>
    public static TimeSpan Duration(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (TryDuration(text, out TimeSpan value))
        {
            return value;
        }

        result.AddError($"\"{text}\" is no time such as 10s, 1m30s or 500ms");
        return default;
    }

    /// <summary>Bytes, or a number with k, m, g or t (of 1024).</summary>
    public static long? Size(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (TrySize(text, out long value))
        {
            return value;
        }

        result.AddError($"\"{text}\" is no size such as 67108864, 64m or 1g");
        return null;
    }

    /// <summary>A number of processors.</summary>
    public static double? Processors(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value > 0)
        {
            return value;
        }

        result.AddError($"\"{text}\" is no number of processors such as 0.5 or 2");
        return null;
    }

    internal static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        if (text.Length == 0)
        {
            return false;
        }

        if (TryNumber(text, out double seconds))
        {
            return TryMilliseconds(seconds * 1000, out value);
        }

        double milliseconds = 0;
        ReadOnlySpan<char> rest = text;
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !TryNumber(rest[..digits], out double number))
            {
                return false;
            }

            rest = rest[digits..];
            int letters = rest.IndexOfAny(Digits);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            double factor = unit switch
            {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => -1,
            };
            if (factor < 0)
            {
                return false;
            }

            milliseconds += number * factor;
            rest = rest[unit.Length..];
        }

        return TryMilliseconds(milliseconds, out value);
    }

    internal static bool TrySize(string text, out long value)
    {
        value = 0;
        ReadOnlySpan<char> number = text.AsSpan().TrimEnd("bB");
        if (number.Length > 1 && number[^1] is 'i')
        {
            number = number[..^1];
        }

        int shift = number.Length == 0 ? 0 : char.ToLowerInvariant(number[^1]) switch
        {
            'k' => 10,
            'm' => 20,
            'g' => 30,
            't' => 40,
            _ => 0,
        };
        if (shift > 0)
        {
            number = number[..^1];
        }

        if (!TryNumber(number, out double count) || count <= 0)
        {
            return false;
        }

        double bytes = count * (1L << shift);
        value = bytes < long.MaxValue ? (long)bytes : 0;
        return value > 0;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    private static bool TryMilliseconds(double milliseconds, out TimeSpan value)
    {
        value = milliseconds <= MaxMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : default;
        return milliseconds <= MaxMilliseconds;
    }
}
