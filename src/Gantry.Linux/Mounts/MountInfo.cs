using System.Globalization;
using System.Text;

namespace Gantry.Linux.Mounts;

/// <summary>
/// One line of <see href="https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html">/proc/pid/mountinfo</see>.
/// </summary>
/// <param name="Id">The mount's number.</param>
/// <param name="ParentId">The number of the mount it lies on.</param>
/// <param name="Major">The major number of its device.</param>
/// <param name="Minor">The minor number of its device.</param>
/// <param name="Root">What part of the filesystem is mounted.</param>
/// <param name="MountPoint">Where.</param>
/// <param name="Options">The options of the mount.</param>
/// <param name="OptionalFields">Such as <c>shared:1</c>.</param>
/// <param name="FilesystemType">The type of the filesystem.</param>
/// <param name="Source">What the filesystem says it is.</param>
/// <param name="SuperOptions">The options of the filesystem.</param>
public sealed record MountInfo(
    int Id,
    int ParentId,
    int Major,
    int Minor,
    string Root,
    string MountPoint,
    string Options,
    string OptionalFields,
    string FilesystemType,
    string Source,
    string SuperOptions)
{
    /// <summary>All mounts that this process sees, in the order of their making.</summary>
    public static IReadOnlyList<MountInfo> ReadAll() => Read("/proc/self/mountinfo");

    /// <summary>Those mounts of this process that lie at a place or below it, innermost last.</summary>
    /// <param name="directory">The place, an absolute path without a slash at its end.</param>
    public static IReadOnlyList<MountInfo> ReadBelow(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string prefix = directory + "/";
        return [.. ReadAll().Where(mount =>
            string.Equals(mount.MountPoint, directory, StringComparison.Ordinal)
            || mount.MountPoint.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>All mounts in a file of this form.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="IOException">It cannot be read, or a line of it is not of the form.</exception>
    public static IReadOnlyList<MountInfo> Read(string path)
    {
        List<MountInfo> mounts = [];
        foreach (string line in File.ReadLines(path))
        {
            mounts.Add(TryParse(line, out MountInfo? mount)
                ? mount
                : throw new IOException($"{path}: malformed line: {line}"));
        }

        return mounts;
    }

    /// <summary>Parses a line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="mount">The mount, if the line is well formed.</param>
    /// <remarks>
    /// <code>
    /// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    /// (1)(2)(3)   (4)   (5)      (6)      (7)   (8) (9)   (10)         (11)
    /// </code>
    /// </remarks>
    public static bool TryParse(
        ReadOnlySpan<char> line, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MountInfo? mount)
    {
        mount = null;
        // (7) may be no word or several; (8) is a lone hyphen that ends it.
        int separator = line.IndexOf(" - ", StringComparison.Ordinal);
        if (separator < 0)
        {
            return false;
        }

        Span<Range> before = stackalloc Range[7];
        Span<Range> after = stackalloc Range[3];
        ReadOnlySpan<char> head = line[..separator];
        ReadOnlySpan<char> tail = line[(separator + 3)..];
        int fields = head.Split(before, ' ');
        if (fields < 6 || tail.Split(after, ' ') < 3)
        {
            return false;
        }

        ReadOnlySpan<char> device = head[before[2]];
        int colon = device.IndexOf(':');
        if (!TryInteger(head[before[0]], out int id)
            || !TryInteger(head[before[1]], out int parent)
            || colon < 0
            || !TryInteger(device[..colon], out int major)
            || !TryInteger(device[(colon + 1)..], out int minor))
        {
            return false;
        }

        mount = new MountInfo(
            id,
            parent,
            major,
            minor,
            Unescape(head[before[3]]),
            Unescape(head[before[4]]),
            head[before[5]].ToString(),
            fields > 6 ? head[before[6]].ToString() : "",
            Unescape(tail[after[0]]),
            Unescape(tail[after[1]]),
            tail[after[2]].ToString());
        return true;
    }

    private static bool TryInteger(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary>Space, tab, newline, backslash and hash are written as a backslash and three octal digits.</summary>
    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
        {
            return text.ToString();
        }

        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && IsOctal(text[i + 1]) && IsOctal(text[i + 2])
                && IsOctal(text[i + 3]))
            {
                result.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
