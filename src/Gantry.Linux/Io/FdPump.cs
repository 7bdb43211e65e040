using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// Copies one file descriptor to another on a thread of its own, until the source ends or <see cref="Cancel"/> is
/// called. Data moves by splice(2) where both sides allow it. When the reader of the destination goes away, the rest of
/// the source is read and dropped, so that whoever writes to it is not held up.
/// </summary>
/// <remarks>
/// A FIFO that nobody has opened for writing yet has not ended: poll(2) tells that apart from one that all writers have
/// closed, read(2) does not.
/// </remarks>
public sealed unsafe partial class FdPump : IDisposable
{
    private const int BufferBytes = 64 << 10;
    private const int StackBytes = 256 << 10;
    private const nuint SpliceBytes = 1 << 20;
    private const short POLLIN = 1;
    private const short POLLOUT = 4;
    private const int EFD_CLOEXEC = 0x80000;
    private const uint SPLICE_F_MOVE = 1;
    private const uint SPLICE_F_NONBLOCK = 2;

    private readonly SafeFileHandle _source;
    private readonly SafeFileHandle _destination;
    private readonly SafeFileHandle _cancel;
    private readonly string _name;
    private readonly TaskCompletionSource<long> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _splice = true;
    private bool _discard;

    /// <summary>Makes a pump; nothing moves before <see cref="Start"/>.</summary>
    /// <param name="source">Where data comes from. The caller closes it, after <see cref="Completion"/>.</param>
    /// <param name="destination">Where data goes. The caller closes it, after <see cref="Completion"/>.</param>
    /// <param name="name">What errors and the thread are called by, such as <c>stdout</c>.</param>
    public FdPump(SafeFileHandle source, SafeFileHandle destination, string name)
    {
        _source = source;
        _destination = destination;
        _name = name;
        int fd = EventFd(0, EFD_CLOEXEC);
        if (fd < 0)
        {
            throw LinuxException.Last("eventfd", name);
        }

        _cancel = new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>The number of bytes moved, once the source has ended or the pump was cancelled; or the error.</summary>
    public Task<long> Completion => _completion.Task;

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        Thread thread = new(Run, StackBytes) { IsBackground = true, Name = _name };
        thread.Start();
    }

    /// <summary>Ends the copying soon; what was read is written first, unless that would block.</summary>
    public void Cancel()
    {
        ulong one = 1;
        _ = Write(_cancel, &one, sizeof(ulong));
    }

    /// <summary>Releases what the pump holds; only after <see cref="Completion"/>, or if it was never started.</summary>
    public void Dispose() => _cancel.Dispose();

    private void Run()
    {
        try
        {
            _completion.SetResult(Copy());
        }
#pragma warning disable CA1031 // The top of a thread: whatever happened is handed to the one who waits for it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _completion.SetException(e);
        }
    }

    private long Copy()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        long moved = 0;
        while (WaitFor(_source, POLLIN))
        {
            long count = Move(buffer);
            if (count < 0)
            {
                return moved;
            }

            moved += count;
        }

        return moved;
    }

    /// <summary>Moves what is there, once; -1 at the end of the source, or when cancelled while writing.</summary>
    private long Move(byte[] buffer)
    {
        while (_splice && !_discard)
        {
            nint spliced = Splice(
                _source, 0, _destination, 0, SpliceBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
            if (spliced >= 0)
            {
                return spliced == 0 ? -1 : spliced;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    break;
                case Errno.EAGAIN:
                    // The source was readable, so the destination is full (or another reader was quicker).
                    if (!WaitFor(_destination, POLLOUT))
                    {
                        return -1;
                    }

                    return 0;
                case Errno.EPIPE:
                    _discard = true;
                    break;
                default:
                    // Not a pair that splice can do: terminals, files opened for appending.
                    _splice = false;
                    break;
            }
        }

        return ReadAndWrite(buffer);
    }

    private long ReadAndWrite(byte[] buffer)
    {
        nint count;
        fixed (byte* data = buffer)
        {
            // The buffer is pinned for the time of the call and its length is what is passed.
            count = Read(_source, data, (nuint)buffer.Length);
        }

        if (count < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                Errno.EINTR or Errno.EAGAIN => 0,

                // The other side of a terminal was closed: that is its end.
                Errno.EIO => -1,
                int errno => throw new LinuxException("read", _name, errno),
            };
        }

        if (count == 0)
        {
            return -1;
        }

        return _discard || WriteAll(buffer.AsSpan(0, (int)count)) ? count : -1;
    }

    private bool WriteAll(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            nint count;
            fixed (byte* start = data)
            {
                // The span is pinned for the time of the call and its length is what is passed.
                count = Write(_destination, start, (nuint)data.Length);
            }

            if (count >= 0)
            {
                data = data[(int)count..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    break;
                case Errno.EAGAIN:
                    if (!WaitFor(_destination, POLLOUT))
                    {
                        return false;
                    }

                    break;
                case Errno.EPIPE or Errno.EIO:
                    _discard = true;
                    return true;
                case int errno:
                    throw new LinuxException("write", _name, errno);
            }
        }

        return true;
    }

    /// <summary>Waits until a descriptor is ready or has ended; false when the pump was cancelled.</summary>
    private bool WaitFor(SafeFileHandle handle, short events)
    {
        bool handleHeld = false;
        bool cancelHeld = false;
        try
        {
            handle.DangerousAddRef(ref handleHeld);
            _cancel.DangerousAddRef(ref cancelHeld);
            PollFd* fds = stackalloc PollFd[2];
            fds[0] = new PollFd { fd = (int)handle.DangerousGetHandle(), events = events };
            fds[1] = new PollFd { fd = (int)_cancel.DangerousGetHandle(), events = POLLIN };
            while (Poll(fds, 2, -1) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno is not Errno.EINTR)
                {
                    throw new LinuxException("poll", _name, errno);
                }
            }

            return fds[1].revents == 0;
        }
        finally
        {
            if (handleHeld)
            {
                handle.DangerousRelease();
            }

            if (cancelHeld)
            {
                _cancel.DangerousRelease();
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int fd;
        public short events;
        public short revents;
    }

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle fd, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle fd, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Splice(
        SafeFileHandle source,
        nint sourceOffset,
        SafeFileHandle destination,
        nint destinationOffset,
        nuint count,
        uint flags);
}
