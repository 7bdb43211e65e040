namespace Gantry.Server.Config;

/// <summary>Go's patterns of file names: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a]</c>, in each part of a path.</summary>
internal static class GlobPattern
{
    private const int MaxFiles = 1000;

    /// <summary>Whether a path is a pattern.</summary>
    public static bool IsPattern(string path) => path.AsSpan().ContainsAny("*?[");

    /// <summary>The files that a pattern stands for, in the order of their names.</summary>
    /// <param name="pattern">An absolute path whose parts may be patterns.</param>
    public static IEnumerable<string> Files(string pattern)
    {
        IEnumerable<string> found = ["/"];
        foreach (string part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = found.SelectMany(directory => Below(directory, part));
        }

        return found.Where(File.Exists).Take(MaxFiles);
    }

    /// <summary>Whether a name is one that a pattern stands for.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        while (!pattern.IsEmpty)
        {
            if (pattern[0] == '*')
            {
                for (int taken = 0; taken <= name.Length; taken++)
                {
                    if (Matches(pattern[1..], name[taken..]))
                    {
                        return true;
                    }
                }

                return false;
            }

            int length = 1;
            if (name.IsEmpty || !MatchesOne(pattern, name[0], ref length))
            {
                return false;
            }

            pattern = pattern[length..];
            name = name[1..];
        }

        return name.IsEmpty;
    }

    private static IEnumerable<string> Below(string directory, string part)
    {
        if (!IsPattern(part))
        {
            return [Path.Combine(directory, part)];
        }

        return Directory.Exists(directory)
            ? Directory.EnumerateFileSystemEntries(directory)
                .Where(path => Matches(part, Path.GetFileName(path)))
                .Order(StringComparer.Ordinal)
            : [];
    }

    private static bool MatchesOne(ReadOnlySpan<char> pattern, char c, ref int length)
    {
        int end = pattern[0] == '[' ? pattern.IndexOf(']') : -1;
        if (end < 2)
        {
            return pattern[0] == '?' || pattern[0] == c;
        }

        length = end + 1;
        ReadOnlySpan<char> set = pattern[1..end];
        bool not = set[0] == '^';
        set = not ? set[1..] : set;
        bool found = false;
        for (int i = 0; i < set.Length; i++)
        {
            char last = i + 2 < set.Length && set[i + 1] == '-' ? set[i + 2] : set[i];
            found |= c >= set[i] && c <= last;
            i += last == set[i] ? 0 : 2;
        }

        return found != not;
    }
}
