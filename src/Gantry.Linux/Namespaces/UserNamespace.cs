using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Namespaces;

/// <summary>User namespaces that nobody is in, held for their maps: user_namespaces(7).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man7/user_namespaces.7.html"/>
public static unsafe partial class UserNamespace
{
    private const int CLONE_NEWUSER = 0x10000000;
    private const int SIGKILL = 9;
    private const int __WALL = 0x40000000;
    private const int StackSize = 64 * 1024;

    /// <summary>Makes a user namespace with maps.</summary>
    /// <param name="uids">Ranges <c>INSIDE:OUTSIDE:LENGTH</c>, joined by commas.</param>
    /// <param name="gids">The same for groups.</param>
    /// <returns>A descriptor that keeps it.</returns>
    /// <exception cref="LinuxException">The kernel refused: no more namespaces, or no such map.</exception>
    /// <remarks>
    /// A namespace comes to be with a process, and a process with threads can't enter one: a child that does nothing but
    /// wait in <c>pause</c> of libc brings it into being. It never runs managed code, sends no signal when it ends (so
    /// that nobody else waits for it), and is gone when this returns.
    /// </remarks>
    public static SafeFileHandle Create(string uids, string gids)
    {
        ArgumentNullException.ThrowIfNull(uids);
        ArgumentNullException.ThrowIfNull(gids);
        nint libc = NativeLibrary.Load("libc.so.6");
        void* stack = NativeMemory.AlignedAlloc(StackSize, 16);
        int child = -1;
        try
        {
            // Invariant: without CLONE_VM the child has its own copy of the memory, and its stack grows down from the end
            // of the buffer.
            child = clone(NativeLibrary.GetExport(libc, "pause"), (byte*)stack + StackSize, CLONE_NEWUSER, null);
            if (child < 0)
            {
                throw LinuxException.Last("clone", "CLONE_NEWUSER");
            }

            string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{child}");
            WriteMap($"{process}/uid_map", uids);
            WriteMap($"{process}/gid_map", gids);
            return Open.Path($"{process}/ns/user", OpenFlags.O_RDONLY);
        }
        finally
        {
            if (child > 0)
            {
                _ = kill(child, SIGKILL);
                while (waitpid(child, null, __WALL) < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
                {
                }
            }

            NativeMemory.AlignedFree(stack);
        }
    }

    /// <summary>A map must be written in one call.</summary>
    private static void WriteMap(string path, string ranges)
    {
        using SafeFileHandle file = Open.Path(path, OpenFlags.O_WRONLY);
        FileData.Write(file, Encoding.ASCII.GetBytes(ranges.Replace(':', ' ').Replace(',', '\n') + "\n"));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clone(nint function, void* stack, int flags, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int sig);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);
}
