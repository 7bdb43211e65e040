using System.Globalization;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;

namespace Gantry.Runtime.Mounts.Transforms;

/// <summary>
/// Text with places to be filled in: <c>{{ source N }}</c>, <c>{{ target N }}</c> and <c>{{ mount N }}</c> are of the
/// mount with that index, <c>{{ overlay A B }}</c> is the mount points from A to B, both included, parted by colons.
/// </summary>
internal static class MountTemplate
{
    private const string Start = "{{";
    private const string End = "}}";

    /// <summary>The greatest length of a text that has been filled in.</summary>
    private const int MaxLength = 1 << 20;

    /// <summary>Fills in a text.</summary>
    /// <param name="text">The text; one without places is returned as it is.</param>
    /// <param name="active">The mounts made so far.</param>
    /// <exception cref="GantryException">InvalidArgument: it is malformed, or names a mount that is not there.</exception>
    public static string Fill(string text, IReadOnlyList<ActiveMount> active)
    {
        int place = text.IndexOf(Start, StringComparison.Ordinal);
        if (place < 0)
        {
            return text;
        }

        StringBuilder filled = new();
        int done = 0;
        while (place >= 0)
        {
            int end = text.IndexOf(End, place, StringComparison.Ordinal);
            if (end < 0)
            {
                throw Malformed(text, "unclosed action");
            }

            filled.Append(text, done, place - done);
            filled.Append(Evaluate(text, text[(place + Start.Length)..end], active));
            if (filled.Length > MaxLength)
            {
                throw Malformed(text, $"longer than {MaxLength} characters");
            }

            done = end + End.Length;
            place = text.IndexOf(Start, done, StringComparison.Ordinal);
        }

        return filled.Append(text, done, text.Length - done).ToString();
    }

    private static string Evaluate(string text, string action, IReadOnlyList<ActiveMount> active)
    {
        string[] words = action.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words switch
        {
            ["source", string index] => At(text, index, active).Mount.Source,
            ["target", string index] => At(text, index, active).Mount.Target,
            ["mount", string index] => At(text, index, active).MountPoint,
            ["overlay", string first, string last] => Overlay(text, first, last, active),
            _ => throw Malformed(text, $"no such function: {action.Trim()}"),
        };
    }

    private static ActiveMount At(string text, string index, IReadOnlyList<ActiveMount> active)
    {
        int number = Number(text, index);
        return number < active.Count
            ? active[number]
            : throw Malformed(text, $"index out of bounds: {number}, has {active.Count} active mounts");
    }

    private static string Overlay(string text, string first, string last, IReadOnlyList<ActiveMount> active)
    {
        int from = Number(text, first);
        int to = Number(text, last);
        if (Math.Max(from, to) >= active.Count)
        {
            throw Malformed(text, $"invalid range: {from}-{to}, has {active.Count} active mounts");
        }

        IEnumerable<string> points =
            active.Skip(Math.Min(from, to)).Take(Math.Abs(to - from) + 1).Select(mount => mount.MountPoint);
        return string.Join(':', from > to ? points.Reverse() : points);
    }

    private static int Number(string text, string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Malformed(text, $"no index: {word}");

    private static GantryException Malformed(string text, string why) =>
        new(ErrorKind.InvalidArgument, $"mount template \"{text}\": {why}");
}
