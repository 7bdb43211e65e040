using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Gantry.Linux.Mounts;

namespace Gantry.Linux.Namespaces;

/// <summary>Copies of this process's mount namespace: mount_namespaces(7).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man7/mount_namespaces.7.html"/>
public static partial class MountNamespace
{
    private const int CLONE_NEWNS = 0x20000;
    private const int StackSize = 256 * 1024;

    /// <summary>
    /// Does something where one mount is not to be seen. Everything else is seen, and mounts that are shared stay shared.
    /// </summary>
    /// <param name="mountPoint">The place of the mount; the directory that it is in must be a mount itself.</param>
    /// <param name="action">What is done; a process that it starts stays in the copy of the namespace.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <remarks>
    /// A namespace belongs to a thread: this is done on one that has left that of the process and is not given back. The
    /// copy lasts as long as a process is in it, so it keeps nobody from unmounting anything for longer than that.
    /// </remarks>
    public static T Without<T>(string mountPoint, Func<T> action)
    {
        ArgumentException.ThrowIfNullOrEmpty(mountPoint);
        ArgumentNullException.ThrowIfNull(action);
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(
            () =>
            {
                try
                {
                    if (unshare(CLONE_NEWNS) != 0)
                    {
                        throw LinuxException.Last("unshare", "CLONE_NEWNS");
                    }

                    MountCalls.Mount("", "", Path.GetDirectoryName(mountPoint) ?? "/", ["private"]);
                    MountCalls.Unmount(mountPoint, UnmountFlags.MNT_DETACH);
                    result = action();
                }
#pragma warning disable CA1031 // It is thrown again on the thread of the caller.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            },
            StackSize)
        {
            Name = "mounts",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}
