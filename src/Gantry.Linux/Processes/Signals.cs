using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>Sending and ignoring signals.</summary>
public static partial class Signals
{
#pragma warning disable CS1591 // The names are the documentation.
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGPIPE = 13;
    public const int SIGTERM = 15;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
#pragma warning restore CS1591

    private const nint SIG_IGN = 1;

    /// <summary>Sends a signal. See <see href="https://man7.org/linux/man-pages/man2/kill.2.html">kill(2)</see>.</summary>
    /// <param name="pid">A process id of 1 or more.</param>
    /// <param name="signal">The signal's number.</param>
    /// <exception cref="LinuxException">There is no such process (ESRCH), no such signal (EINVAL).</exception>
    public static void Send(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (kill(pid, signal) != 0)
        {
            throw LinuxException.Last("kill", $"{pid}");
        }
    }

    /// <summary>Sends a signal to a process group, such as the session of a process started with one of its own.</summary>
    /// <param name="group">The group: the process id of its leader.</param>
    /// <param name="signal">The signal's number.</param>
    /// <exception cref="LinuxException">There is no such group (ESRCH), no such signal (EINVAL).</exception>
    public static void SendToGroup(int group, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 2);
        if (kill(-group, signal) != 0)
        {
            throw LinuxException.Last("kill", $"-{group}");
        }
    }

    /// <summary>Whether a process exists. One that has ended and was not waited for counts.</summary>
    /// <param name="pid">A process id.</param>
    public static bool Exists(int pid) =>
        pid > 0 && (kill(pid, 0) == 0 || Marshal.GetLastPInvokeError() == Errno.EPERM);

    /// <summary>Ignores a signal from now on, in this process; children start with its default all the same.</summary>
    /// <param name="number">The signal's number.</param>
    public static void Ignore(int number) => _ = signal(number, SIG_IGN);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int sig);

    [LibraryImport("libc")]
    private static partial nint signal(int signum, nint handler);
}
