using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Syscalls;

/// <summary>What the call families share: numbers of calls that libc has no function for, and names as bytes.</summary>
internal static partial class Syscall
{
    /// <summary>AT_FDCWD of openat(2): relative to the current directory.</summary>
    internal const int AT_FDCWD = -100;

    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_REMOVEDIR = 0x200;
    internal const int AT_SYMLINK_FOLLOW = 0x400;
    internal const int AT_EMPTY_PATH = 0x1000;

    /// <summary>The longest path that a call takes, with its NUL (limits.h).</summary>
    internal const int PATH_MAX = 4096;

    /// <summary>openat2 has one number on every architecture.</summary>
    internal const long SYS_openat2 = 437;

    internal static long SYS_getdents64 =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 61 : 217;

    /// <summary>Copies a path into <paramref name="buffer"/> with a NUL after it.</summary>
    /// <exception cref="LinuxException">It is too long (ENAMETOOLONG), or has a NUL in it (EINVAL).</exception>
    internal static void Terminate(string call, ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        if (path.Length >= buffer.Length)
        {
            throw new LinuxException(call, Show(path[..64]) + "…", Errno.ENAMETOOLONG);
        }

        if (path.Contains((byte)0))
        {
            throw new LinuxException(call, Show(path), Errno.EINVAL);
        }

        path.CopyTo(buffer);
        buffer[path.Length] = 0;
    }

    /// <summary>A path for an error message.</summary>
    internal static string Show(ReadOnlySpan<byte> path) => Encoding.UTF8.GetString(path);

    /// <summary>The error of the call that has just failed on this thread.</summary>
    internal static LinuxException Last(string call, ReadOnlySpan<byte> path) => LinuxException.Last(call, Show(path));

    /// <summary>Throws the error of a call that returned a negative value.</summary>
    internal static void Check(int result, string call, ReadOnlySpan<byte> subject)
    {
        if (result < 0)
        {
            throw Last(call, subject);
        }
    }

    /// <summary>Throws the error of a call on a descriptor that returned a negative value.</summary>
    internal static void Check(long result, string call, SafeHandle handle)
    {
        if (result < 0)
        {
            throw LinuxException.Last(call, $"fd {handle.DangerousGetHandle()}");
        }
    }
}
