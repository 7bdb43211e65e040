namespace Gantry.Linux.Syscalls;

/// <summary>How openat2(2) walks a path (struct open_how, member resolve).</summary>
[Flags]
public enum ResolveFlags : ulong
{
    /// <summary>As open(2) does.</summary>
    None = 0,

    /// <summary>RESOLVE_NO_XDEV: no mount point is crossed.</summary>
    NoXdev = 0x01,

    /// <summary>RESOLVE_NO_MAGICLINKS: no link such as those in /proc/PID/fd.</summary>
    NoMagicLinks = 0x02,

    /// <summary>RESOLVE_NO_SYMLINKS: no symbolic link in any place.</summary>
    NoSymlinks = 0x04,

    /// <summary>RESOLVE_BENEATH: a path that leaves the directory fails with EXDEV.</summary>
    Beneath = 0x08,

    /// <summary>RESOLVE_IN_ROOT: the directory is the root, for <c>/</c>, <c>..</c> and symbolic links alike.</summary>
    InRoot = 0x10,
}
