using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Syscalls;

/// <summary>What makes bytes and names outlive a power failure: fsync(2), fdatasync(2), syncfs(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/fsync.2.html"/>
public static partial class FileSync
{
    /// <summary>Returns when bytes and attributes of an open file or directory are on the disk.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <exception cref="LinuxException">The call failed: the data may be lost.</exception>
    public static void Fsync(SafeHandle file) => Syscall.Check(fsync(file), "fsync", file);

    /// <summary>Returns when the bytes of an open file are on the disk.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <exception cref="LinuxException">The call failed: the data may be lost.</exception>
    public static void Fdatasync(SafeHandle file) => Syscall.Check(fdatasync(file), "fdatasync", file);

    /// <summary>Returns when the names in a directory are on the disk.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void FsyncDirectory(string path)
    {
        using SafeFileHandle directory = Open.Directory(path);
        Fsync(directory);
    }

    /// <summary>Returns when all of the filesystem that holds an open file is on the disk.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <exception cref="LinuxException">The call failed: data may be lost.</exception>
    public static void Syncfs(SafeHandle file) => Syscall.Check(syncfs(file), "syncfs", file);

    /// <summary>Returns when all of the filesystem that holds a directory is on the disk.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="LinuxException">The call failed: data may be lost.</exception>
    public static void Syncfs(string path)
    {
        using SafeFileHandle directory = Open.Directory(path);
        Syncfs(directory);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeHandle fd);
}
