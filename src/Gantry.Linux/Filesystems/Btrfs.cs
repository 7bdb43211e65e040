using System.Runtime.InteropServices;
using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Filesystems;

/// <summary>Subvolumes and snapshots of btrfs: its ioctls, as linux/btrfs.h has them.</summary>
/// <seealso href="https://btrfs.readthedocs.io/en/latest/btrfs-ioctl.html"/>
public static unsafe partial class Btrfs
{
    private const nuint BTRFS_IOC_SUBVOL_CREATE = 0x5000940E;
    private const nuint BTRFS_IOC_SNAP_DESTROY = 0x5000940F;
    private const nuint BTRFS_IOC_INO_LOOKUP = 0xD0009412;
    private const nuint BTRFS_IOC_SNAP_CREATE_V2 = 0x50009417;
    private const nuint BTRFS_IOC_SUBVOL_GETFLAGS = 0x80089419;
    private const nuint BTRFS_IOC_SUBVOL_SETFLAGS = 0x4008941A;
    private const ulong BTRFS_SUBVOL_RDONLY = 1 << 1;
    private const ulong BTRFS_FIRST_FREE_OBJECTID = 256;

    /// <summary>The size of each structure that is used here.</summary>
    private const int ArgumentSize = 4096;

    /// <summary>btrfs_ioctl_vol_args: fd (8), name.</summary>
    private const int NameOffset = 8;

    /// <summary>btrfs_ioctl_vol_args_v2: fd (8), transaction (8), flags (8), unused (32), name.</summary>
    private const int FlagsOffsetV2 = 16;
    private const int NameOffsetV2 = 56;

    /// <summary>Whether a directory is on btrfs.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static bool IsBtrfs(string directory)
    {
        using SafeFileHandle handle = Open.Directory(directory);
        return TryLookUp(handle, out _) == 0;
    }

    /// <summary>The id of the subvolume that a directory is in.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="LinuxException">It is not on btrfs, or the call failed.</exception>
    public static ulong SubvolumeId(string directory)
    {
        using SafeFileHandle handle = Open.Directory(directory);
        int errno = TryLookUp(handle, out ulong id);
        return errno == 0 ? id : throw new LinuxException("ioctl BTRFS_IOC_INO_LOOKUP", directory, errno);
    }

    /// <summary>Makes an empty subvolume.</summary>
    /// <param name="path">Where; nothing may be there.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void CreateSubvolume(string path)
    {
        byte[] arguments = new byte[ArgumentSize];
        WithName(path, arguments, NameOffset, BTRFS_IOC_SUBVOL_CREATE, "ioctl BTRFS_IOC_SUBVOL_CREATE");
    }

    /// <summary>Makes a snapshot of a subvolume.</summary>
    /// <param name="source">The subvolume.</param>
    /// <param name="path">Where; nothing may be there.</param>
    /// <param name="isReadOnly">Whether nothing can be changed in it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void CreateSnapshot(string source, string path, bool isReadOnly)
    {
        using SafeFileHandle from = Open.Directory(source);
        byte[] arguments = new byte[ArgumentSize];
        BitConverter.TryWriteBytes(arguments, (long)from.DangerousGetHandle());
        BitConverter.TryWriteBytes(arguments.AsSpan(FlagsOffsetV2), isReadOnly ? BTRFS_SUBVOL_RDONLY : 0);
        WithName(path, arguments, NameOffsetV2, BTRFS_IOC_SNAP_CREATE_V2, "ioctl BTRFS_IOC_SNAP_CREATE_V2");
    }

    /// <summary>Takes a subvolume away with all that is in it, in one step however much that is.</summary>
    /// <param name="path">The subvolume.</param>
    /// <exception cref="LinuxException">It has subvolumes in it (ENOTEMPTY), is mounted (EBUSY), or another reason.</exception>
    public static void DestroySubvolume(string path)
    {
        byte[] arguments = new byte[ArgumentSize];
        WithName(path, arguments, NameOffset, BTRFS_IOC_SNAP_DESTROY, "ioctl BTRFS_IOC_SNAP_DESTROY");
    }

    /// <summary>Says whether anything can be changed in a subvolume.</summary>
    /// <param name="path">The subvolume.</param>
    /// <param name="isReadOnly">Whether nothing can.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetReadOnly(string path, bool isReadOnly)
    {
        using SafeFileHandle handle = Open.Directory(path);
        ulong flags = 0;
        if (ioctl(handle, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) != 0)
        {
            throw LinuxException.Last("ioctl BTRFS_IOC_SUBVOL_GETFLAGS", path);
        }

        flags = isReadOnly ? flags | BTRFS_SUBVOL_RDONLY : flags & ~BTRFS_SUBVOL_RDONLY;
        if (ioctl(handle, BTRFS_IOC_SUBVOL_SETFLAGS, &flags) != 0)
        {
            throw LinuxException.Last("ioctl BTRFS_IOC_SUBVOL_SETFLAGS", path);
        }
    }

    private static void WithName(string path, byte[] arguments, int nameOffset, nuint request, string call)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string parent = Path.GetDirectoryName(full) ?? throw new LinuxException(call, path, Errno.EBUSY);
        byte[] name = Encoding.UTF8.GetBytes(Path.GetFileName(full));
        if (name.Length >= arguments.Length - nameOffset)
        {
            throw new LinuxException(call, path, Errno.ENAMETOOLONG);
        }

        name.CopyTo(arguments, nameOffset);
        using SafeFileHandle directory = Open.Directory(parent);

        // Invariant: the structure has the size that the request's number says, and its name ends with a NUL.
        fixed (byte* start = arguments)
        {
            if (ioctl(directory, request, start) != 0)
            {
                throw LinuxException.Last(call, path);
            }
        }
    }

    /// <summary>btrfs_ioctl_ino_lookup_args: tree (8), object (8), name. A tree of 0 asks for that of the file.</summary>
    private static int TryLookUp(SafeFileHandle directory, out ulong tree)
    {
        byte[] arguments = new byte[ArgumentSize];
        BitConverter.TryWriteBytes(arguments.AsSpan(8), BTRFS_FIRST_FREE_OBJECTID);

        // Invariant: the kernel writes no more than the size of the structure.
        fixed (byte* start = arguments)
        {
            int result = ioctl(directory, BTRFS_IOC_INO_LOOKUP, start);
            tree = BitConverter.ToUInt64(arguments);
            return result == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, void* argument);
}
