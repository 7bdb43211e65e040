namespace Gantry.Linux.Mounts;

/// <summary>Options in the style of fstab, sorted into what mount(2) takes separately.</summary>
/// <param name="Flags">The flags, without those of propagation.</param>
/// <param name="Propagation">The flags of propagation, each to be set by a call of its own.</param>
/// <param name="Data">What is the filesystem's own to read, in the order given.</param>
public sealed record MountOptions(MountFlags Flags, IReadOnlyList<MountFlags> Propagation, IReadOnlyList<string> Data)
{
    /// <summary>Sorts options.</summary>
    /// <param name="options">Options such as <c>ro</c>, <c>rbind</c>, <c>rslave</c> or <c>lowerdir=…</c>.</param>
    public static MountOptions Parse(IReadOnlyList<string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MountFlags flags = MountFlags.None;
        List<MountFlags> propagation = [];
        List<string> data = [];
        foreach (string option in options)
        {
            if (TrySet(option) is { } set)
            {
                flags |= set;
            }
            else if (TryClear(option) is { } clear)
            {
                flags &= ~clear;
            }
            else if (TryPropagation(option) is { } spread)
            {
                propagation.Add(spread);
            }
            else if (option.Length > 0 && !option.StartsWith("X-", StringComparison.Ordinal))
            {
                data.Add(option);
            }
        }

        return new MountOptions(flags, propagation, data);
    }

    private static MountFlags? TrySet(string option) => option switch
    {
        "bind" => MountFlags.MS_BIND,
        "rbind" => MountFlags.MS_BIND | MountFlags.MS_REC,
        "ro" => MountFlags.MS_RDONLY,
        "nosuid" => MountFlags.MS_NOSUID,
        "nodev" => MountFlags.MS_NODEV,
        "noexec" => MountFlags.MS_NOEXEC,
        "sync" => MountFlags.MS_SYNCHRONOUS,
        "dirsync" => MountFlags.MS_DIRSYNC,
        "remount" => MountFlags.MS_REMOUNT,
        "mand" => MountFlags.MS_MANDLOCK,
        "noatime" => MountFlags.MS_NOATIME,
        "nodiratime" => MountFlags.MS_NODIRATIME,
        "relatime" => MountFlags.MS_RELATIME,
        "strictatime" => MountFlags.MS_STRICTATIME,
        "lazytime" => MountFlags.MS_LAZYTIME,
        "nosymfollow" => MountFlags.MS_NOSYMFOLLOW,
        "defaults" => MountFlags.None,
        _ => null,
    };

    private static MountFlags? TryClear(string option) => option switch
    {
        "rw" => MountFlags.MS_RDONLY,
        "suid" => MountFlags.MS_NOSUID,
        "dev" => MountFlags.MS_NODEV,
        "exec" => MountFlags.MS_NOEXEC,
        "async" => MountFlags.MS_SYNCHRONOUS,
        "nomand" => MountFlags.MS_MANDLOCK,
        "atime" => MountFlags.MS_NOATIME,
        "diratime" => MountFlags.MS_NODIRATIME,
        "norelatime" => MountFlags.MS_RELATIME,
        "nostrictatime" => MountFlags.MS_STRICTATIME,
        "nolazytime" => MountFlags.MS_LAZYTIME,
        _ => null,
    };

    private static MountFlags? TryPropagation(string option) => option switch
    {
        "private" => MountFlags.MS_PRIVATE,
        "rprivate" => MountFlags.MS_PRIVATE | MountFlags.MS_REC,
        "shared" => MountFlags.MS_SHARED,
        "rshared" => MountFlags.MS_SHARED | MountFlags.MS_REC,
        "slave" => MountFlags.MS_SLAVE,
        "rslave" => MountFlags.MS_SLAVE | MountFlags.MS_REC,
        "unbindable" => MountFlags.MS_UNBINDABLE,
        "runbindable" => MountFlags.MS_UNBINDABLE | MountFlags.MS_REC,
        _ => null,
    };
}
