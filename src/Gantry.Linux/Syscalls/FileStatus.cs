namespace Gantry.Linux.Syscalls;

/// <summary>What statx(2) tells of a file.</summary>
/// <param name="Mode">Type and permissions, see <see cref="InodeMode"/>.</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Links">Names it has.</param>
/// <param name="Inode">Its number in its filesystem.</param>
/// <param name="Device">The filesystem, see <see cref="DeviceNumber"/>.</param>
/// <param name="RdevMajor">Of a device node: the major number.</param>
/// <param name="RdevMinor">Of a device node: the minor number.</param>
/// <param name="Blocks">Blocks of 512 bytes that it takes.</param>
/// <param name="Accessed">Last access.</param>
/// <param name="Modified">Last change of its bytes.</param>
/// <param name="Changed">Last change of its attributes.</param>
public readonly record struct FileStatus(
    uint Mode,
    uint Uid,
    uint Gid,
    long Size,
    uint Links,
    ulong Inode,
    ulong Device,
    uint RdevMajor,
    uint RdevMinor,
    long Blocks,
    Timespec Accessed,
    Timespec Modified,
    Timespec Changed)
{
    /// <summary>True for a directory.</summary>
    public bool IsDirectory => (Mode & InodeMode.S_IFMT) == InodeMode.S_IFDIR;

    /// <summary>True for a regular file.</summary>
    public bool IsRegular => (Mode & InodeMode.S_IFMT) == InodeMode.S_IFREG;

    /// <summary>True for a symbolic link.</summary>
    public bool IsSymbolicLink => (Mode & InodeMode.S_IFMT) == InodeMode.S_IFLNK;

    /// <summary>True for a character device 0/0: what overlayfs calls a whiteout.</summary>
    public bool IsWhiteout => (Mode & InodeMode.S_IFMT) == InodeMode.S_IFCHR && RdevMajor == 0 && RdevMinor == 0;
}
