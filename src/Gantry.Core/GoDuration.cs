using System.Buffers;
using System.Globalization;

namespace Gantry.Core;

/// <summary>Time spans as Go writes them: <c>1h30m</c>, <c>1.5s</c>, <c>100ms</c>, <c>0</c>.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Milliseconds)[] Units =
    [
        ("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
    ];

    /// <summary>Parses a time span.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="value">The time span, if it is one.</param>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith("-");
        rest = negative ? rest[1..] : rest;
        if (rest.SequenceEqual("0"))
        {
            return true;
        }

        double milliseconds = 0;
        if (rest.IsEmpty)
        {
            return false;
        }

        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return false;
            }

            rest = rest[digits..];
            int letters = rest.IndexOfAny(Digits);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            double factor = 0;
            foreach ((string name, double size) in Units)
            {
                factor = unit.SequenceEqual(name) ? size : factor;
            }

            if (factor == 0)
            {
                return false;
            }

            milliseconds += number * factor;
            rest = rest[unit.Length..];
        }

        if (milliseconds >= TimeSpan.MaxValue.TotalMilliseconds)
        {
            return false;
        }

        value = TimeSpan.FromMilliseconds(negative ? -milliseconds : milliseconds);
        return true;
    }

    /// <summary>Writes a time span.</summary>
    /// <param name="value">The time span.</param>
    public static string Format(TimeSpan value) =>
        value.Ticks % TimeSpan.TicksPerSecond == 0
            ? $"{value.Ticks / TimeSpan.TicksPerSecond}s"
            : string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0.######}ms");
}
