using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>
/// Names in directories: mkdirat(2), mknodat(2), symlinkat(2), linkat(2), unlinkat(2), renameat2(2), readlinkat(2).
/// A method whose name begins with Try returns the error number, 0 when all is well, for callers who expect it to fail.
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/linkat.2.html"/>
[SkipLocalsInit]
public static unsafe partial class Link
{
    /// <summary>Makes a directory.</summary>
    /// <param name="directory">The directory that gets the name.</param>
    /// <param name="name">The name.</param>
    /// <param name="mode">Permissions, before the umask.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryMakeDirectory(SafeHandle directory, ReadOnlySpan<byte> name, uint mode)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("mkdirat", name, buffer);
        fixed (byte* start = buffer)
        {
            return Result(mkdirat(directory, start, mode));
        }
    }

    /// <summary>Makes a device node, FIFO or socket: mknodat(2).</summary>
    /// <param name="directory">The directory that gets the name.</param>
    /// <param name="name">The name.</param>
    /// <param name="mode">Type (<see cref="InodeMode"/>) and permissions, before the umask.</param>
    /// <param name="major">Major number of a device.</param>
    /// <param name="minor">Minor number of a device.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryMakeNode(SafeHandle directory, ReadOnlySpan<byte> name, uint mode, uint major, uint minor)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("mknodat", name, buffer);
        fixed (byte* start = buffer)
        {
            return Result(mknodat(directory, start, mode, DeviceNumber.Make(major, minor)));
        }
    }

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="target">What it says.</param>
    /// <param name="directory">The directory that gets the name.</param>
    /// <param name="name">The name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TrySymbolic(ReadOnlySpan<byte> target, SafeHandle directory, ReadOnlySpan<byte> name)
    {
        Span<byte> targetBuffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("symlinkat", target, targetBuffer);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("symlinkat", name, buffer);
        fixed (byte* to = targetBuffer)
        fixed (byte* start = buffer)
        {
            return Result(symlinkat(to, directory, start));
        }
    }

    /// <summary>Gives a file another name. A symbolic link is not followed.</summary>
    /// <param name="fromDirectory">The directory that has the old name.</param>
    /// <param name="from">The old name.</param>
    /// <param name="directory">The directory that gets the new one.</param>
    /// <param name="name">The new name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryHard(
        SafeHandle fromDirectory,
        ReadOnlySpan<byte> from,
        SafeHandle directory,
        ReadOnlySpan<byte> name)
    {
        Span<byte> fromBuffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("linkat", from, fromBuffer);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("linkat", name, buffer);
        fixed (byte* old = fromBuffer)
        fixed (byte* start = buffer)
        {
            return Result(linkat(fromDirectory, old, directory, start, 0));
        }
    }

    /// <summary>Gives an open file a name, one made with O_TMPFILE too. Needs /proc.</summary>
    /// <param name="file">The file.</param>
    /// <param name="directory">The directory that gets the name.</param>
    /// <param name="name">The name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryHard(SafeHandle file, SafeHandle directory, ReadOnlySpan<byte> name)
    {
        ArgumentNullException.ThrowIfNull(file);
        Span<byte> fromBuffer = stackalloc byte[ProcPath.MaxLength];
        ProcPath.Write(file, fromBuffer);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("linkat", name, buffer);
        fixed (byte* old = fromBuffer)
        fixed (byte* start = buffer)
        {
            // AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH; the link in /proc does not.
            int result = linkatCwd(Syscall.AT_FDCWD, old, directory, start, Syscall.AT_SYMLINK_FOLLOW);
            GC.KeepAlive(file);
            return Result(result);
        }
    }

    /// <summary>Removes a name that is no directory's.</summary>
    /// <param name="directory">The directory that has it.</param>
    /// <param name="name">The name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryUnlink(SafeHandle directory, ReadOnlySpan<byte> name) => Unlink(directory, name, 0);

    /// <summary>Removes an empty directory.</summary>
    /// <param name="directory">The directory that has it.</param>
    /// <param name="name">The name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryRemoveDirectory(SafeHandle directory, ReadOnlySpan<byte> name) =>
        Unlink(directory, name, Syscall.AT_REMOVEDIR);

    /// <summary>Renames, within one filesystem: renameat2(2).</summary>
    /// <param name="fromDirectory">The directory that has the old name.</param>
    /// <param name="from">The old name.</param>
    /// <param name="directory">The directory that gets the new one.</param>
    /// <param name="name">The new name.</param>
    /// <param name="flags">What may happen to a file that has the new name.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryRename(
        SafeHandle fromDirectory,
        ReadOnlySpan<byte> from,
        SafeHandle directory,
        ReadOnlySpan<byte> name,
        RenameFlags flags)
    {
        Span<byte> fromBuffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("renameat2", from, fromBuffer);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("renameat2", name, buffer);
        fixed (byte* old = fromBuffer)
        fixed (byte* start = buffer)
        {
            return Result(renameat2(fromDirectory, old, directory, start, (uint)flags));
        }
    }

    /// <summary>Renames by paths of this process's own: renameat2(2).</summary>
    /// <param name="from">The old path.</param>
    /// <param name="to">The new path.</param>
    /// <param name="flags">What may happen to a file that is there.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Rename(string from, string to, RenameFlags flags = RenameFlags.None)
    {
        if (renameat2Path(Syscall.AT_FDCWD, from, Syscall.AT_FDCWD, to, (uint)flags) < 0)
        {
            throw LinuxException.Last("renameat2", $"{from} to {to}");
        }
    }

    /// <summary>What a symbolic link says.</summary>
    /// <param name="directory">The directory that has it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="target">What it says; null when it can't be read.</param>
    /// <returns>The error number, or 0; EINVAL when the name is no symbolic link's.</returns>
    public static int TryReadSymbolic(SafeHandle directory, ReadOnlySpan<byte> name, out byte[]? target)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("readlinkat", name, buffer);
        Span<byte> answer = stackalloc byte[Syscall.PATH_MAX];
        fixed (byte* start = buffer)
        fixed (byte* into = answer)
        {
            // Invariant: the kernel writes no more than the length given.
            nint length = readlinkat(directory, start, into, (nuint)answer.Length);
            target = length < 0 ? null : answer[..(int)length].ToArray();
            return length < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    private static int Unlink(SafeHandle directory, ReadOnlySpan<byte> name, int flags)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("unlinkat", name, buffer);
        fixed (byte* start = buffer)
        {
            return Result(unlinkat(directory, start, flags));
        }
    }

    private static int Result(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeHandle dirfd, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeHandle dirfd, byte* path, uint mode, ulong dev);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, SafeHandle dirfd, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeHandle olddirfd, byte* oldpath, SafeHandle newdirfd, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    private static partial int linkatCwd(int olddirfd, byte* oldpath, SafeHandle newdirfd, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeHandle dirfd, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(
        SafeHandle olddirfd,
        byte* oldpath,
        SafeHandle newdirfd,
        byte* path,
        uint flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2Path(int olddirfd, string oldpath, int newdirfd, string path, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeHandle dirfd, byte* path, byte* buffer, nuint size);
}
