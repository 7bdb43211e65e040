using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Mounts;

/// <summary>
/// Mounting and unmounting. See <see href="https://man7.org/linux/man-pages/man2/mount.2.html">mount(2)</see> and
/// <see href="https://man7.org/linux/man-pages/man2/umount.2.html">umount2(2)</see>.
/// </summary>
public static partial class MountCalls
{
    /// <summary>What mount(2) takes as data: one page, its ending zero included.</summary>
    private const int DataLimit = 4095;

    /// <summary>How many mounts may lie on top of one another at one place.</summary>
    private const int StackLimit = 4096;

    private const int CLONE_FS = 0x200;

    /// <summary>Makes a mount.</summary>
    /// <param name="type">The type of the filesystem; <c>bind</c> and <c>rbind</c> need no option of that name.</param>
    /// <param name="source">What is mounted.</param>
    /// <param name="target">Where; it must exist.</param>
    /// <param name="options">Options in the style of fstab.</param>
    /// <exception cref="LinuxException">The kernel refused. Nothing is left mounted.</exception>
    /// <remarks>
    /// 1. The mount itself. An overlay whose options are longer than the page that mount(2) takes is mounted from the
    ///    directory that its layers share, or layer by layer through the newer calls.
    /// 2. Propagation, one call for each.
    /// 3. A bind mount takes no other flags at first; they are set by mounting it again.
    /// </remarks>
    public static void Mount(string type, string source, string target, IReadOnlyList<string> options)
    {
        ArgumentException.ThrowIfNullOrEmpty(target);
        MountOptions parsed = MountOptions.Parse(options);
        MountFlags flags = parsed.Flags | type switch
        {
            "bind" => MountFlags.MS_BIND,
            "rbind" => MountFlags.MS_BIND | MountFlags.MS_REC,
            _ => MountFlags.None,
        };
        bool bind = flags.HasFlag(MountFlags.MS_BIND);

        // Step 1: the mount
        bool newMount = !flags.HasFlag(MountFlags.MS_REMOUNT)
            && (bind || parsed.Data.Count > 0 || parsed.Propagation.Count == 0 || type is not ("" or "none"));
        if (newMount || flags.HasFlag(MountFlags.MS_REMOUNT))
        {
            MountOnce(type, source, target, flags, parsed.Data);
        }

        try
        {
            // Step 2: propagation
            foreach (MountFlags propagation in parsed.Propagation)
            {
                Call("", target, "", propagation, null);
            }

            // Step 3: the other flags of a bind mount
            MountFlags inherited = flags & ~(MountFlags.MS_BIND | MountFlags.MS_REC);
            if (bind && inherited is not MountFlags.None && !flags.HasFlag(MountFlags.MS_REMOUNT))
            {
                Call("", target, "", MountFlags.MS_REMOUNT | (flags & ~MountFlags.MS_REC), null);
            }
        }
        catch (LinuxException) when (newMount)
        {
            // The first error is what the caller must know; a mount that cannot be taken back is seen in mountinfo.
            _ = umount2(target, (int)UnmountFlags.MNT_DETACH);
            throw;
        }
    }

    /// <summary>Takes the topmost mount at a place away.</summary>
    /// <param name="target">The place.</param>
    /// <param name="flags">How.</param>
    /// <exception cref="LinuxException">Nothing is mounted there (EINVAL), it is in use (EBUSY), or another reason.</exception>
    public static void Unmount(string target, UnmountFlags flags)
    {
        if (umount2(target, (int)flags) != 0)
        {
            throw LinuxException.Last("umount2", target);
        }
    }

    /// <summary>Takes all mounts at a place away. A place that holds none, or does not exist, is no error.</summary>
    /// <param name="target">The place.</param>
    /// <param name="flags">How.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="LinuxException">One is in use (EBUSY), or another reason.</exception>
    public static int UnmountAll(string target, UnmountFlags flags)
    {
        for (int count = 0; count < StackLimit; count++)
        {
            if (umount2(target, (int)flags) == 0)
            {
                continue;
            }

            int errno = Marshal.GetLastPInvokeError();
            return errno is Linux.Errno.EINVAL or Linux.Errno.ENOENT or Linux.Errno.ENOTDIR
                ? count
                : throw new LinuxException("umount2", target, errno);
        }

        throw new LinuxException("umount2", target, Linux.Errno.ELOOP);
    }

    private static void MountOnce(
        string type, string source, string target, MountFlags flags, IReadOnlyList<string> data)
    {
        if (string.Equals(type, "overlay", StringComparison.Ordinal) && IdMappedOverlay.IsAskedFor(data))
        {
            IdMappedOverlay.With(data, mapped => MountOnce(type, source, target, flags, mapped));
            return;
        }

        string joined = string.Join(',', data);
        if (Encoding.UTF8.GetByteCount(joined) <= DataLimit)
        {
            Call(source, target, type, flags, joined);
            return;
        }

        if (!string.Equals(type, "overlay", StringComparison.Ordinal))
        {
            throw new LinuxException("mount", $"{target}: options of {joined.Length} bytes", Linux.Errno.E2BIG);
        }

        OverlayOptions overlay = OverlayOptions.Parse(data);
        (string directory, string shorter) = overlay.RelativeToCommonParent();
        if (directory.Length > 0 && Encoding.UTF8.GetByteCount(shorter) <= DataLimit)
        {
            MountFrom(directory, source, Path.GetFullPath(target), flags, shorter);
        }
        else
        {
            NewMountCalls.MountOverlay(source, target, flags, overlay);
        }
    }

    /// <summary>
    /// Mounts an overlay with the working directory set elsewhere, so that the paths of its layers can be short. The
    /// working directory belongs to the process: this is done on a thread that has left it and that is not given back.
    /// </summary>
    private static void MountFrom(string directory, string source, string target, MountFlags flags, string data)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    if (unshare(CLONE_FS) != 0)
                    {
                        throw LinuxException.Last("unshare", "CLONE_FS");
                    }

                    if (chdir(directory) != 0)
                    {
                        throw LinuxException.Last("chdir", directory);
                    }

                    Call(source, target, "overlay", flags, data);
                }
                catch (LinuxException e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            },
            128 * 1024)
        {
            Name = "mount",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static void Call(string source, string target, string type, MountFlags flags, string? data)
    {
        if (mount(source, target, type, (nuint)flags, data) != 0)
        {
            throw LinuxException.Last("mount", target);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int mount(string source, string target, string filesystemtype, nuint mountflags, string? data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int chdir(string path);
}
