using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Syscalls;

/// <summary>
/// openat(2) and openat2(2). Every descriptor is a handle from birth and has O_CLOEXEC. Paths and names are bytes, as
/// the kernel has them; a text is its UTF-8.
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/openat2.2.html"/>
[SkipLocalsInit]
public static unsafe partial class Open
{
    /// <summary>Opens a path of this process's own, with no rule for how it is walked.</summary>
    /// <param name="path">The path.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>; O_CLOEXEC is added.</param>
    /// <param name="mode">Permissions of a file that is made, before the umask.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static SafeFileHandle Path(string path, int flags, uint mode = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        return At(Syscall.AT_FDCWD, Encoding.UTF8.GetBytes(path), flags, mode, out int errno)
            ?? throw new LinuxException("open", path, errno);
    }

    /// <summary>Opens a directory of this process's own for reading and for use as the base of other calls.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static SafeFileHandle Directory(string path) => Path(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    /// <summary>Opens a name in a directory: openat(2).</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">One name. A path would be walked without any rule: use <see cref="Beneath"/>.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>; O_CLOEXEC is added.</param>
    /// <param name="mode">Permissions of a file that is made, before the umask.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static SafeFileHandle At(SafeHandle directory, ReadOnlySpan<byte> name, int flags, uint mode = 0) =>
        TryAt(directory, name, flags, mode, out int errno)
            ?? throw new LinuxException("openat", Syscall.Show(name), errno);

    /// <summary>As <see cref="At(SafeHandle, ReadOnlySpan{byte}, int, uint)"/>, for a caller who expects it to fail.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">One name.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>.</param>
    /// <param name="mode">Permissions of a file that is made.</param>
    /// <param name="errno">Why it failed; 0 when it did not.</param>
    /// <returns>Null when it failed.</returns>
    public static SafeFileHandle? TryAt(
        SafeHandle directory,
        ReadOnlySpan<byte> name,
        int flags,
        uint mode,
        out int errno)
    {
        ArgumentNullException.ThrowIfNull(directory);
        bool held = false;
        directory.DangerousAddRef(ref held);
        try
        {
            return At((int)directory.DangerousGetHandle(), name, flags, mode, out errno);
        }
        finally
        {
            directory.DangerousRelease();
        }
    }

    /// <summary>Opens a path beneath a directory by the rules given: openat2(2).</summary>
    /// <param name="root">The directory.</param>
    /// <param name="path">The path.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>; O_CLOEXEC is added.</param>
    /// <param name="resolve">How to walk it.</param>
    /// <param name="mode">Permissions of a file that is made, before the umask.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static SafeFileHandle Beneath(
        SafeHandle root,
        ReadOnlySpan<byte> path,
        int flags,
        ResolveFlags resolve,
        uint mode = 0) =>
        TryBeneath(root, path, flags, resolve, mode, out int errno)
            ?? throw new LinuxException("openat2", Syscall.Show(path), errno);

    /// <summary>As <see cref="Beneath"/>, for a caller who expects it to fail.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="path">The path.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>.</param>
    /// <param name="resolve">How to walk it.</param>
    /// <param name="mode">Permissions of a file that is made.</param>
    /// <param name="errno">Why it failed; 0 when it did not.</param>
    /// <returns>Null when it failed.</returns>
    public static SafeFileHandle? TryBeneath(
        SafeHandle root,
        ReadOnlySpan<byte> path,
        int flags,
        ResolveFlags resolve,
        uint mode,
        out int errno)
    {
        ArgumentNullException.ThrowIfNull(root);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("openat2", path, buffer);
        OpenHow how = new()
        {
            Flags = (uint)(flags | OpenFlags.O_CLOEXEC),
            Mode = mode,
            Resolve = (ulong)resolve,
        };

        // Invariant: the path ends with a NUL, and how lives until the call returns.
        fixed (byte* start = buffer)
        {
            while (true)
            {
                long fd = openat2(Syscall.SYS_openat2, root, start, &how, (nuint)sizeof(OpenHow));
                if (fd >= 0)
                {
                    errno = 0;
                    return new SafeFileHandle((nint)fd, ownsHandle: true);
                }

                // EAGAIN: something moved during the walk, and the kernel could not be sure of "..".
                errno = Marshal.GetLastPInvokeError();
                if (errno is not (Errno.EINTR or Errno.EAGAIN))
                {
                    return null;
                }
            }
        }
    }

    private static SafeFileHandle? At(int directory, ReadOnlySpan<byte> name, int flags, uint mode, out int errno)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("openat", name, buffer);

        // Invariant: the name ends with a NUL.
        fixed (byte* start = buffer)
        {
            while (true)
            {
                int fd = openat(directory, start, flags | OpenFlags.O_CLOEXEC, mode);
                if (fd >= 0)
                {
                    errno = 0;
                    return new SafeFileHandle(fd, ownsHandle: true);
                }

                errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return null;
                }
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int dirfd, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long openat2(long number, SafeHandle dirfd, byte* path, OpenHow* how, nuint size);
}
