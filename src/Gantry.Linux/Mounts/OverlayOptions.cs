namespace Gantry.Linux.Mounts;

/// <summary>The options of an overlay mount that name directories, apart from the rest.</summary>
/// <param name="Lower">The lower directories, topmost first.</param>
/// <param name="Upper">The upper directory, or empty.</param>
/// <param name="Work">The work directory, or empty.</param>
/// <param name="Other">All other options.</param>
internal sealed record OverlayOptions(
    IReadOnlyList<string> Lower, string Upper, string Work, IReadOnlyList<string> Other)
{
    private const string LowerKey = "lowerdir=";
    private const string UpperKey = "upperdir=";
    private const string WorkKey = "workdir=";

    public static OverlayOptions Parse(IReadOnlyList<string> data)
    {
        List<string> lower = [];
        List<string> other = [];
        string upper = "";
        string work = "";
        foreach (string option in data)
        {
            if (option.StartsWith(LowerKey, StringComparison.Ordinal))
            {
                lower.AddRange(option[LowerKey.Length..].Split(':'));
            }
            else if (option.StartsWith(UpperKey, StringComparison.Ordinal))
            {
                upper = option[UpperKey.Length..];
            }
            else if (option.StartsWith(WorkKey, StringComparison.Ordinal))
            {
                work = option[WorkKey.Length..];
            }
            else
            {
                other.Add(option);
            }
        }

        return new OverlayOptions(lower, upper, work, other);
    }

    /// <summary>The options as they are written.</summary>
    public IReadOnlyList<string> ToData() =>
    [
        .. Other,
        .. Upper.Length > 0 ? (string[])[WorkKey + Work, UpperKey + Upper] : [],
        LowerKey + string.Join(':', Lower),
    ];

    /// <summary>The directory that all layers share, and the options written relative to it.</summary>
    public (string Directory, string Data) RelativeToCommonParent()
    {
        List<string> directories = [.. Lower];
        if (Upper.Length > 0)
        {
            directories.Add(Upper);
            directories.Add(Work);
        }

        string common = directories.Count == 0 ? "" : directories[0];
        foreach (string directory in directories)
        {
            int length = 0;
            int limit = Math.Min(common.Length, directory.Length);
            while (length < limit && common[length] == directory[length])
            {
                length++;
            }

            common = common[..length];
        }

        common = common[..(common.LastIndexOf('/') + 1)];
        if (!common.StartsWith('/'))
        {
            return ("", "");
        }

        List<string> parts = [.. Other];
        if (Upper.Length > 0)
        {
            parts.Add(UpperKey + Upper[common.Length..]);
            parts.Add(WorkKey + Work[common.Length..]);
        }

        parts.Add(LowerKey + string.Join(':', Lower.Select(path => path[common.Length..])));
        return (common, string.Join(',', parts));
    }
}
