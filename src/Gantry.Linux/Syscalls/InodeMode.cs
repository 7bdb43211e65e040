namespace Gantry.Linux.Syscalls;

/// <summary>File types and permission bits of st_mode, see inode(7).</summary>
public static class InodeMode
{
#pragma warning disable CS1591 // The names are the documentation.
    public const uint S_IFMT = 0xF000;
    public const uint S_IFSOCK = 0xC000;
    public const uint S_IFLNK = 0xA000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_ISUID = 0x800;
    public const uint S_ISGID = 0x400;
    public const uint S_ISVTX = 0x200;
#pragma warning restore CS1591

    /// <summary>Permissions with set-user-id, set-group-id and sticky bit.</summary>
    public const uint PermissionMask = 0xFFF;
}
