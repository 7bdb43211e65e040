namespace Gantry.Linux.Syscalls;

/// <summary>A name in a directory, as getdents64(2) has it.</summary>
/// <param name="Name">The name's bytes.</param>
/// <param name="Inode">The file's number.</param>
/// <param name="Type">DT_DIR and so on; 0 where the filesystem does not say.</param>
public readonly record struct DirectoryEntry(byte[] Name, ulong Inode, byte Type)
{
    /// <summary>DT_UNKNOWN: ask statx(2).</summary>
    public const byte Unknown = 0;

    /// <summary>DT_DIR.</summary>
    public const byte Directory = 4;
}
