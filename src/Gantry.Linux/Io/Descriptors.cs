using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>File descriptors: opening FIFOs, files and pipes, all closed on exec.</summary>
public static unsafe partial class Descriptors
{
    private const int O_RDONLY = 0;
    private const int O_WRONLY = 1;
    private const int O_RDWR = 2;
    private const int O_CREAT = 0x40;
    private const int O_APPEND = 0x400;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int O_PATH = 0x200000;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int F_SETPIPE_SZ = 1031;
    private const nuint FIONREAD = 0x541B;
    private const int EFD_CLOEXEC = O_CLOEXEC;
    private const int EFD_NONBLOCK = O_NONBLOCK;
    private const uint S_IFMT = 0xF000;
    private const uint S_IFIFO = 0x1000;

    /// <summary>Opens the reading end of a FIFO without waiting for a writer; reads do not wait either.</summary>
    /// <param name="path">The FIFO.</param>
    public static SafeFileHandle OpenFifoReader(string path) => Open(path, O_RDONLY | O_NONBLOCK, 0);

    /// <summary>Opens the writing end of a FIFO, writes to which do not wait.</summary>
    /// <param name="path">The FIFO; somebody must have its reading end open (else ENXIO).</param>
    public static SafeFileHandle OpenFifoWriter(string path) => Open(path, O_WRONLY | O_NONBLOCK, 0);

    /// <summary>
    /// Opens the writing end of a FIFO, writes to which do not wait, when another has its reading end open; then that end
    /// too, so that writes go on when the other goes away. What is written to a FIFO that nobody else has open is lost when
    /// it is closed.
    /// </summary>
    /// <param name="path">The FIFO.</param>
    /// <param name="patience">How long to wait for the other.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LinuxException">It cannot be opened; with ETIMEDOUT, the other did not come.</exception>
    public static Task<(SafeFileHandle Writer, SafeFileHandle Reader)> OpenFifoForAsync(
        string path, TimeSpan patience, TimeProvider time) => FifoOpening.OpenAsync(path, patience, time);

    /// <summary>Opens both ends of a FIFO in one.</summary>
    /// <param name="path">The FIFO.</param>
    public static SafeFileHandle OpenFifo(string path) => Open(path, O_RDWR | O_NONBLOCK, 0);

    /// <summary>Opens a file to add to, making it if it is not there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="mode">The permissions it is made with.</param>
    /// <param name="create">Whether it is made.</param>
    public static SafeFileHandle OpenAppend(string path, uint mode, bool create = true) =>
        Open(path, O_WRONLY | O_APPEND | (create ? O_CREAT : 0), mode);

    /// <summary>Opens /dev/null.</summary>
    public static SafeFileHandle OpenNull() => Open("/dev/null", O_RDWR, 0);

    /// <summary>Whether a path is that of a FIFO.</summary>
    /// <param name="path">Any path.</param>
    public static bool IsFifo(string path)
    {
        // AT_FDCWD, no flags, STATX_TYPE. Invariant: statx writes 256 bytes at most; stx_mode is at offset 28.
        byte* buffer = stackalloc byte[256];
        return statx(-100, path, 0, 1, buffer) == 0 && (*(ushort*)(buffer + 28) & S_IFMT) == S_IFIFO;
    }

    /// <summary>Makes a pipe.</summary>
    /// <returns>Its two ends.</returns>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) CreatePipe()
    {
        int* ends = stackalloc int[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
        {
            throw LinuxException.Last("pipe2", "pipe");
        }

        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Makes an event counter. See eventfd(2).</summary>
    public static SafeFileHandle CreateEvent()
    {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return fd < 0 ? throw LinuxException.Last("eventfd", "0") : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>A second descriptor of the same open file.</summary>
    /// <param name="handle">The first.</param>
    public static SafeFileHandle Duplicate(SafeHandle handle)
    {
        int fd = fcntl(handle, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? throw LinuxException.Last("fcntl", "F_DUPFD_CLOEXEC") : new SafeFileHandle(fd, true);
    }

    /// <summary>Makes a number, such as that of standard error, mean what a handle means.</summary>
    /// <param name="handle">It stays the caller's.</param>
    /// <param name="number">The number; what it meant is closed.</param>
    public static void Replace(SafeHandle handle, int number)
    {
        if (dup3(handle, number, O_CLOEXEC) < 0)
        {
            throw LinuxException.Last("dup3", $"{number}");
        }
    }

    /// <summary>Makes reads and writes not wait.</summary>
    /// <param name="handle">An open file; all its descriptors are concerned.</param>
    public static void SetNonBlocking(SafeHandle handle)
    {
        int flags = fcntl(handle, F_GETFL, 0);
        if (flags < 0 || fcntl(handle, F_SETFL, flags | O_NONBLOCK) < 0)
        {
            throw LinuxException.Last("fcntl", "O_NONBLOCK");
        }
    }

    /// <summary>Asks for more room in a pipe or FIFO. The kernel may refuse; it then stays as it is.</summary>
    /// <param name="pipe">One of its ends.</param>
    /// <param name="bytes">How much.</param>
    /// <returns>Whether it was given.</returns>
    public static bool TrySetPipeCapacity(SafeHandle pipe, int bytes) => fcntl(pipe, F_SETPIPE_SZ, bytes) >= 0;

    /// <summary>How many bytes wait to be read from a pipe, a FIFO or a terminal; 0 for what has none to tell of.</summary>
    /// <param name="handle">The reading end.</param>
    public static int Waiting(SafeHandle handle) => ioctl(handle, FIONREAD, out int count) == 0 ? count : 0;

    /// <summary>Gives an open file another owner.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="user">The user.</param>
    /// <param name="group">The group.</param>
    public static void ChangeOwner(SafeHandle handle, uint user, uint group)
    {
        if (fchown(handle, user, group) != 0)
        {
            throw LinuxException.Last("fchown", $"{user}:{group}");
        }
    }

    /// <summary>Reads what is there into a small buffer, and says how much it was; 0 at the end, -1 for nothing yet.</summary>
    /// <param name="handle">A descriptor whose reads do not wait.</param>
    /// <param name="buffer">Where to.</param>
    public static int Read(SafeHandle handle, Span<byte> buffer)
    {
        // Invariant: the span is pinned for the length of the call.
        fixed (byte* p = buffer)
        {
            nint count = read(handle, p, (nuint)buffer.Length);
            if (count < 0 && Marshal.GetLastPInvokeError() is not (Errno.EAGAIN or Errno.EINTR))
            {
                throw LinuxException.Last("read", "descriptor");
            }

            return (int)count;
        }
    }

    /// <summary>Writes a small amount; what a full pipe does not take is dropped.</summary>
    /// <param name="handle">Where to.</param>
    /// <param name="bytes">What.</param>
    /// <returns>How much was written, or -1.</returns>
    public static int Write(SafeHandle handle, ReadOnlySpan<byte> bytes)
    {
        // Invariant: the span is pinned for the length of the call.
        fixed (byte* p = bytes)
        {
            return (int)write(handle, p, (nuint)bytes.Length);
        }
    }

    /// <summary>Opens the writing end of a FIFO, for which a reader is waited; its writes then wait too.</summary>
    /// <param name="path">The FIFO.</param>
    internal static SafeFileHandle OpenFifoWriterWaiting(string path) => Open(path, O_WRONLY, 0);

    /// <summary>A handle that stands for a file whatever becomes of its path; it cannot be read or written.</summary>
    /// <param name="path">The path.</param>
    internal static SafeFileHandle OpenPath(string path) => Open(path, O_PATH, 0);

    private static SafeFileHandle Open(string path, int flags, uint mode)
    {
        int fd = open(path, flags | O_CLOEXEC, mode);
        return fd < 0 ? throw LinuxException.Last("open", path) : new SafeFileHandle(fd, ownsHandle: true);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, out int count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup3(SafeHandle oldfd, int newfd, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int open(string pathname, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* pipefd, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initval, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle fd, int cmd, nint arg);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeHandle fd, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeHandle fd, byte* buf, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeHandle fd, byte* buf, nuint count);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int statx(int dirfd, string pathname, int flags, uint mask, byte* statxbuf);
}
