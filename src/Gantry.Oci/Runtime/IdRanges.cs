using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>Ranges of ids of a user namespace. See user_namespaces(7).</summary>
public static class IdRanges
{
    /// <summary>How many ranges the kernel takes.</summary>
    public const int MaxRanges = 340;

    /// <summary>Reads <c>container:host:length</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static SpecIdMapping Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        return parts.Length == 3
            && uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint inside)
            && uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint outside)
            && uint.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint size)
            ? new SpecIdMapping { ContainerId = inside, HostId = outside, Size = size }
            : throw new FormatException($"id mapping \"{text}\": not CONTAINER-ID:HOST-ID:LENGTH");
    }

    /// <summary>Writes ranges as labels of snapshots have them.</summary>
    /// <param name="ranges">The ranges.</param>
    public static string Format(IReadOnlyList<SpecIdMapping> ranges) =>
        string.Join(',', ranges.Select(r => string.Create(
            CultureInfo.InvariantCulture, $"{r.ContainerId}:{r.HostId}:{r.Size}")));

    /// <summary>The ranges that subuid(5) or subgid(5) gives to a user, as a container's from 0 on.</summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="names">What the user is called: name, and id as digits.</param>
    public static IReadOnlyList<SpecIdMapping> OfSubordinates(string text, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<SpecIdMapping> ranges = [];
        uint inside = 0;
        foreach (string line in text.Split('\n'))
        {
            // name-or-id:first:count
            string[] fields = line.Trim().Split(':');
            if (fields.Length == 3
                && names.Contains(fields[0])
                && uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
                && count > 0
                && count <= uint.MaxValue - inside)
            {
                ranges.Add(new SpecIdMapping { ContainerId = inside, HostId = first, Size = count });
                inside += count;
            }
        }

        return ranges;
    }

    /// <summary>Checks what the kernel would refuse, and that there is a root.</summary>
    /// <param name="ranges">The ranges.</param>
    /// <param name="what">Whose ids they are, for the error.</param>
    /// <exception cref="FormatException">None, too many, empty, overlapping or beyond 32 bits, or 0 is not mapped.</exception>
    public static void Check(IReadOnlyList<SpecIdMapping> ranges, string what)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        if (ranges.Count is 0 or > MaxRanges)
        {
            throw new FormatException($"{what} ids: {ranges.Count} ranges, not 1 to {MaxRanges}");
        }

        foreach (SpecIdMapping range in ranges)
        {
            // The last id stands for «none».
            if (range.Size == 0
                || (ulong)range.ContainerId + range.Size > uint.MaxValue
                || (ulong)range.HostId + range.Size > uint.MaxValue)
            {
                throw new FormatException($"{what} ids \"{Format([range])}\": empty, or beyond the last id");
            }
        }

        for (int i = 0; i < ranges.Count; i++)
        {
            for (int k = 0; k < i; k++)
            {
                if (Overlap(ranges[i].ContainerId, ranges[i].Size, ranges[k].ContainerId, ranges[k].Size)
                    || Overlap(ranges[i].HostId, ranges[i].Size, ranges[k].HostId, ranges[k].Size))
                {
                    throw new FormatException(
                        $"{what} ids \"{Format([ranges[k]])}\" and \"{Format([ranges[i]])}\": they overlap");
                }
            }
        }

        _ = ToHost(ranges, 0) ?? throw new FormatException($"{what} ids \"{Format(ranges)}\": 0, the root, is not mapped");
    }

    /// <summary>The id outside of an id inside; null when it is not mapped.</summary>
    /// <param name="ranges">The ranges.</param>
    /// <param name="id">The id inside.</param>
    public static uint? ToHost(IReadOnlyList<SpecIdMapping> ranges, uint id)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        foreach (SpecIdMapping range in ranges)
        {
            if (id >= range.ContainerId && id - range.ContainerId < range.Size)
            {
                return range.HostId + (id - range.ContainerId);
            }
        }

        return null;
    }

    private static bool Overlap(uint first, uint firstSize, uint second, uint secondSize) =>
        first < (ulong)second + secondSize && second < (ulong)first + firstSize;
}
