using System.Runtime.InteropServices;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Processes;

/// <summary>
/// A signal that is read from a file descriptor. See
/// <see href="https://man7.org/linux/man-pages/man2/signalfd.2.html">signalfd(2)</see>. All threads must have it blocked, so
/// the process is started with it blocked: <see cref="SpawnRequest.BlockedSignals"/>.
/// </summary>
public static unsafe partial class SignalDescriptor
{
    private const int SFD_NONBLOCK_CLOEXEC = 0x80800;
    private const int SIG_BLOCK = 0;
    private const int SignalSetSize = 128;
    private const int SiginfoSize = 128;

    /// <summary>Makes one; the calling thread has the signal blocked from now on.</summary>
    /// <param name="signal">The signal's number.</param>
    public static SafeFileHandle Open(int signal)
    {
        byte* set = stackalloc byte[SignalSetSize];
        _ = sigemptyset(set);
        _ = sigaddset(set, signal);
        _ = pthread_sigmask(SIG_BLOCK, set, null);
        int fd = signalfd(-1, set, SFD_NONBLOCK_CLOEXEC);
        return fd < 0 ? throw LinuxException.Last("signalfd", $"{signal}") : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Takes what has come.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <returns>Whether the signal has come since the last time.</returns>
    public static bool Take(SafeFileHandle descriptor)
    {
        Span<byte> info = stackalloc byte[SiginfoSize];
        bool came = false;
        while (Descriptors.Read(descriptor, info) > 0)
        {
            came = true;
        }

        return came;
    }

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* set);

    [LibraryImport("libc")]
    private static partial int sigaddset(byte* set, int signum);

    [LibraryImport("libc")]
    private static partial int pthread_sigmask(int how, byte* set, byte* oldset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int signalfd(int fd, byte* mask, int flags);
}
