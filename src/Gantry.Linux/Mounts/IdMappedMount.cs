using System.Runtime.InteropServices;
using Gantry.Linux.Namespaces;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Mounts;

/// <summary>
/// Mounts that show other owners than the disk has: mount_setattr(2) with MOUNT_ATTR_IDMAP (Linux 5.12, overlayfs on
/// top of them 5.19).
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/mount_setattr.2.html"/>
public static unsafe partial class IdMappedMount
{
    private const nint SYS_open_tree = 428;
    private const nint SYS_move_mount = 429;
    private const nint SYS_mount_setattr = 442;
    private const int OPEN_TREE_CLONE = 1;
    private const int OPEN_TREE_CLOEXEC = 0x80000;
    private const int MOVE_MOUNT_F_EMPTY_PATH = 4;
    private const ulong MOUNT_ATTR_IDMAP = 0x100000;
    private const int AT_FDCWD = -100;
    private const int AT_EMPTY_PATH = 0x1000;

    /// <summary>Whether ids can be mapped on the filesystem of a directory.</summary>
    /// <param name="directory">The directory.</param>
    public static bool IsSupported(string directory)
    {
        try
        {
            using SafeFileHandle user = UserNamespace.Create("0:0:1", "0:0:1");
            using SafeFileHandle tree = Clone(directory, user);
            return true;
        }
        catch (LinuxException)
        {
            // Whatever the reason is, ids can't be mapped.
            return false;
        }
    }

    /// <summary>Shows a directory at another place, its owners mapped by a user namespace.</summary>
    /// <param name="source">The directory.</param>
    /// <param name="target">Where; a directory.</param>
    /// <param name="userNamespace">The namespace whose maps are used.</param>
    /// <exception cref="LinuxException">The kernel refused; nothing is left mounted.</exception>
    public static void Attach(string source, string target, SafeFileHandle userNamespace)
    {
        using SafeFileHandle tree = Clone(source, userNamespace);
        if (move_mount(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        {
            throw LinuxException.Last("move_mount", target);
        }
    }

    private static SafeFileHandle Clone(string source, SafeFileHandle userNamespace)
    {
        nint fd = open_tree(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (fd < 0)
        {
            throw LinuxException.Last("open_tree", source);
        }

        SafeFileHandle tree = new(fd, ownsHandle: true);
        MountAttributes attributes = new()
        {
            Set = MOUNT_ATTR_IDMAP,
            UserNamespace = (ulong)userNamespace.DangerousGetHandle(),
        };

        // Invariant: attributes live until the call returns, and their size goes with them.
        if (mount_setattr(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, (nuint)sizeof(MountAttributes)) != 0)
        {
            LinuxException error = LinuxException.Last("mount_setattr", source);
            tree.Dispose();
            throw error;
        }

        GC.KeepAlive(userNamespace);
        return tree;
    }

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint open_tree(nint number, nint dirfd, string path, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint move_mount(
        nint number, SafeFileHandle from_dirfd, string from_path, nint to_dirfd, string to_path, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint mount_setattr(
        nint number, SafeFileHandle dirfd, string path, nint flags, MountAttributes* attr, nuint size);

    /// <summary>struct mount_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
