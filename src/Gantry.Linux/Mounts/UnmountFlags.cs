namespace Gantry.Linux.Mounts;

/// <summary>Flags of <see href="https://man7.org/linux/man-pages/man2/umount.2.html">umount2(2)</see>.</summary>
[Flags]
public enum UnmountFlags
{
#pragma warning disable CS1591 // The kernel's names are the documentation.
    None = 0,
    MNT_FORCE = 1,
    MNT_DETACH = 2,
    MNT_EXPIRE = 4,
    UMOUNT_NOFOLLOW = 8,
#pragma warning restore CS1591
}
