using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>Sets of numbers in the kernel's list format, such as <c>0-2,7</c>. See cpuset(7).</summary>
public static class NumberSet
{
    private const int MaxNumber = 8191;

    /// <summary>Reads a list.</summary>
    /// <param name="text">The list.</param>
    /// <exception cref="FormatException">It is malformed, or empty.</exception>
    public static IReadOnlySet<int> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        SortedSet<int> numbers = [];
        foreach (string part in text.Trim().Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2
                || !TryNumber(ends[0], out int first)
                || !TryNumber(ends[^1], out int last)
                || last < first)
            {
                throw new FormatException($"list \"{text}\": not numbers and ranges such as 0-2,7");
            }

            for (int number = first; number <= last; number++)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MaxNumber;
}
