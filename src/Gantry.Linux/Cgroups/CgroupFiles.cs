using System.Globalization;

namespace Gantry.Linux.Cgroups;

/// <summary>Reading the small files of a cgroup. One that is not there reads as nothing: controllers come and go.</summary>
internal static class CgroupFiles
{
    public static IReadOnlyList<string> Lines(string path)
    {
        // Most machines lack some of the files: that is asked, since an exception costs more than all that is read.
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return [];
        }
        catch (IOException)
        {
            // ENODEV or EOPNOTSUPP: the cgroup was just removed, or the kernel lacks what the file speaks of.
            return [];
        }
    }

    /// <summary>A file of one number, <c>max</c> being the largest; null if there is none.</summary>
    public static ulong? Number(string? directory, string name)
    {
        if (directory is null)
        {
            return null;
        }

        IReadOnlyList<string> lines = Lines(Path.Combine(directory, name));
        return lines.Count == 0 ? null : Parse(lines[0]);
    }

    /// <summary>A file of a name and a number a line.</summary>
    public static IReadOnlyDictionary<string, ulong> Table(string? directory, string name)
    {
        Dictionary<string, ulong> result = new(StringComparer.Ordinal);
        foreach (string line in directory is null ? [] : Lines(Path.Combine(directory, name)))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && Parse(line.AsSpan(space + 1)) is { } value)
            {
                result[line[..space]] = value;
            }
        }

        return result;
    }

    public static ulong? Parse(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> trimmed = text.Trim();
        return trimmed is "max"
            ? ulong.MaxValue
            : ulong.TryParse(trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
    }

    /// <summary>The value of a word <c>name=value</c>; nothing if there is none.</summary>
    public static ReadOnlySpan<char> Value(string[] words, string name)
    {
        foreach (string word in words)
        {
            if (word.Length > name.Length && word[name.Length] == '='
                && word.StartsWith(name, StringComparison.Ordinal))
            {
                return word.AsSpan(name.Length + 1);
            }
        }

        return default;
    }

    /// <summary>The number in a word <c>name=number</c>; 0 if there is none.</summary>
    public static ulong Named(string[] words, string name) => Parse(Value(words, name)) ?? 0;
}
