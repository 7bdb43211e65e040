using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>The names of capabilities. See capabilities(7).</summary>
public static class LinuxCapabilities
{
    private const string Prefix = "CAP_";
    private const string Everything = "ALL";

    /// <summary>All, each at the place of its number.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>The names of the bits of a set; bits without a name are left out.</summary>
    /// <param name="mask">The set, as <c>/proc/PID/status</c> shows it.</param>
    public static IReadOnlyList<string> OfMask(ulong mask) => [.. All.Where((_, bit) => (mask >> bit & 1) != 0)];

    /// <summary>Reads a set out of the text of <c>/proc/PID/status</c> (proc(5)).</summary>
    /// <param name="status">The text.</param>
    /// <param name="set">Which one, such as <c>CapEff</c>.</param>
    /// <exception cref="FormatException">It is not there.</exception>
    public static IReadOnlyList<string> OfStatus(string status, string set)
    {
        ArgumentNullException.ThrowIfNull(status);
        string? line = status.Split('\n').FirstOrDefault(l => l.StartsWith(set + ":", StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line[(set.Length + 1)..].Trim(), NumberStyles.HexNumber, null, out ulong mask)
            ? OfMask(mask)
            : throw new FormatException($"status of a process: no {set}");
    }

    /// <summary>
    /// Adds and drops: what is dropped wins over what is added, but for <c>ALL</c>, which either list may hold and from
    /// which the other makes exceptions.
    /// </summary>
    /// <param name="defaults">The set to start from.</param>
    /// <param name="available">What <c>ALL</c> stands for.</param>
    /// <param name="add">Names with or without <c>CAP_</c>, in any case.</param>
    /// <param name="drop">Likewise.</param>
    /// <exception cref="FormatException">There is no such capability.</exception>
    public static IReadOnlyList<string> Adjust(
        IReadOnlyList<string> defaults,
        IReadOnlyList<string> available,
        IReadOnlyList<string> add,
        IReadOnlyList<string> drop)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(available);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(drop);
        string[] added = [.. add.Select(Parse)];
        string[] dropped = [.. drop.Select(Parse)];
        IEnumerable<string> start = dropped.Contains(Everything) ? [] : defaults;
        IEnumerable<string> all = added.Contains(Everything) ? start.Union(available) : start.Union(added);
        return [.. all.Where(c => !dropped.Contains(c))];
    }

    private static string Parse(string text)
    {
        string name = text.ToUpperInvariant();
        if (name is Everything or Prefix + Everything)
        {
            return Everything;
        }

        name = name.StartsWith(Prefix, StringComparison.Ordinal) ? name : Prefix + name;
        return All.Contains(name) ? name : throw new FormatException($"capability \"{text}\": no such capability");
    }
}
