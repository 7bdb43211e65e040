using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>
/// Owners of paths that the daemon itself has chosen, never of paths below a container's root: lchown(2), umask(2).
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/lchown.2.html"/>
/// <seealso href="https://man7.org/linux/man-pages/man2/umask.2.html"/>
public static partial class PathOwnership
{
    /// <summary>Sets owner and group of a file, not following a link.</summary>
    /// <param name="path">The file.</param>
    /// <param name="uid">The owner; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <param name="gid">The group; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Set(string path, uint uid, uint gid)
    {
        if (lchown(path, uid, gid) != 0)
        {
            throw LinuxException.Last("lchown", path);
        }
    }

    /// <summary>Sets the mode bits that new files do not get, for the whole process.</summary>
    /// <param name="mask">Bits, such as octal 022.</param>
    /// <returns>What was set before.</returns>
    public static uint SetMask(uint mask) => umask(mask);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int lchown(string path, uint owner, uint group);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);
}
