using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>Resource limits as users write them: <c>nofile=1024:2048</c>. See getrlimit(2).</summary>
public static class RlimitText
{
    private const string Prefix = "RLIMIT_";
    private static readonly string[] Names =
    [
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ];

    /// <summary>Reads a limit.</summary>
    /// <param name="text"><c>NAME=SOFT[:HARD]</c>, the name with or without <c>RLIMIT_</c>; -1 or unlimited: none.</param>
    /// <exception cref="FormatException">It is malformed, or the soft limit is above the hard one.</exception>
    public static SpecRlimit Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('=');
        string[] values = parts[^1].Split(':');
        if (parts.Length != 2 || values.Length > 2)
        {
            throw new FormatException($"limit \"{text}\": not NAME=SOFT or NAME=SOFT:HARD");
        }

        string name = parts[0].ToLowerInvariant();
        name = name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? name[Prefix.Length..] : name;
        if (!Names.Contains(name))
        {
            throw new FormatException($"limit \"{text}\": no such limit, only {string.Join(", ", Names)}");
        }

        ulong soft = Value(text, values[0]);
        ulong hard = Value(text, values[^1]);
        return soft <= hard
            ? new SpecRlimit { Type = Prefix + name.ToUpperInvariant(), Soft = soft, Hard = hard }
            : throw new FormatException($"limit \"{text}\": the soft limit is above the hard limit");
    }

    private static ulong Value(string text, string value) => value is "-1" or "unlimited"
        ? ulong.MaxValue
        : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new FormatException($"limit \"{text}\": \"{value}\" is no number");
}
