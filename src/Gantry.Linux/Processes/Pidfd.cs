using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Processes;

/// <summary>
/// Handles of processes, which a number that comes back cannot confuse. See
/// <see href="https://man7.org/linux/man-pages/man2/pidfd_open.2.html">pidfd_open(2)</see> and
/// <see href="https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html">pidfd_send_signal(2)</see>.
/// </summary>
public static partial class Pidfd
{
    private const nint SYS_pidfd_send_signal = 424;
    private const nint SYS_pidfd_open = 434;

    /// <summary>Opens a handle of a process. It becomes readable when the process ends.</summary>
    /// <param name="pid">The process id.</param>
    /// <exception cref="LinuxException">There is no such process (ESRCH), or another reason.</exception>
    public static SafeFileHandle Open(int pid)
    {
        nint fd = pidfd_open(SYS_pidfd_open, pid, 0);
        return fd < 0
            ? throw LinuxException.Last("pidfd_open", $"{pid}")
            : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="process">A handle from <see cref="Open"/>.</param>
    /// <param name="signal">The signal's number; 0 only asks.</param>
    /// <exception cref="LinuxException">The process has ended (ESRCH), or another reason.</exception>
    public static void SendSignal(SafeFileHandle process, int signal)
    {
        ArgumentNullException.ThrowIfNull(process);
        if (pidfd_send_signal(SYS_pidfd_send_signal, process, signal, 0, 0) != 0)
        {
            throw LinuxException.Last("pidfd_send_signal", $"{signal}");
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_open(nint number, nint pid, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_send_signal(
        nint number, SafeFileHandle pidfd, nint sig, nint info, nint flags);
}
