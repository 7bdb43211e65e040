using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// Bytes on their way from one descriptor to another, by <see href="https://man7.org/linux/man-pages/man2/splice.2.html">splice(2)</see>
/// where the kernel can, else through a small buffer of native memory. What finds no room in the destination stays in the
/// source; what a file does not take, because its disk is full, is dropped, as the writer must not be held up by a log.
/// </summary>
public sealed unsafe partial class StreamCopy : IStreamMove, IoLoop.IReady
{
    private const uint SPLICE_F_MOVE = 1;
    private const uint SPLICE_F_NONBLOCK = 2;
    private const short POLLIN = 1;
    private const short POLLOUT = 4;
    private const int SpliceSize = 1 << 20;
    private const int BufferSize = 32 * 1024;

    /// <summary>After so many steps other copies have their turn.</summary>
    private const int StepLimit = 32;

    private readonly IoLoop _loop;
    private readonly SafeFileHandle _source;
    private readonly SafeFileHandle _destination;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sourceId;
    private long _destinationId;
    private bool _sourceAdded;
    private bool _destinationAdded;
    private bool _finished;
    private bool _buffered;
    private int _stuck;
    private byte* _buffer;
    private int _start;
    private int _end;

    internal StreamCopy(IoLoop loop, SafeFileHandle source, SafeFileHandle destination)
    {
        _loop = loop;
        _source = source;
        _destination = destination;
    }

    private enum Step
    {
        Moved,
        Ended,
        SourceEmpty,
        DestinationFull,
        SourceOrDestination,
        Unsupported,
    }

    /// <inheritdoc/>
    public Task Completion => _done.Task;

    /// <inheritdoc/>
    public int Waiting
    {
        get
        {
            lock (_loop.Gate)
            {
                return _finished ? 0 : Descriptors.Waiting(_source) + (_end - _start);
            }
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        lock (_loop.Gate)
        {
            Finish();
        }
    }

    void IoLoop.IReady.OnReady(long id) => Pump();

    internal void Begin()
    {
        _sourceId = _loop.Register(this);
        _destinationId = _loop.Register(this);
        Pump();
    }

    private void Pump()
    {
        for (int i = 0; i < StepLimit; i++)
        {
            if (_finished)
            {
                return;
            }

            Step step = _buffered ? MoveBuffered() : MoveSpliced();
            if (step is Step.SourceOrDestination)
            {
                step = WhoWaits();
            }

            switch (step)
            {
                case Step.Ended:
                    Finish();
                    return;
                case Step.SourceEmpty:
                    _ = TryArm(_source, _sourceId, IoLoop.EPOLLIN, ref _sourceAdded);
                    return;
                case Step.DestinationFull:
                    _ = TryArm(_destination, _destinationId, IoLoop.EPOLLOUT, ref _destinationAdded);
                    return;
                case Step.Unsupported:
                    _buffered = true;
                    _buffer = (byte*)NativeMemory.Alloc(BufferSize);
                    break;
                default:
                    break;
            }
        }

        // There is more: come back when the loop has been through the others. A file is always ready, and is not told of.
        _ = TryArm(_source, _sourceId, IoLoop.EPOLLIN, ref _sourceAdded)
            || TryArm(_destination, _destinationId, IoLoop.EPOLLOUT, ref _destinationAdded);
    }

    private Step MoveSpliced()
    {
        nint moved = splice(_source, null, _destination, null, SpliceSize, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (moved > 0)
        {
            _stuck = 0;
            return Step.Moved;
        }

        return moved == 0
            ? Step.Ended
            : Marshal.GetLastPInvokeError() switch
            {
                Errno.EAGAIN => Step.SourceOrDestination,
                Errno.EINTR => Step.Moved,
                Errno.EINVAL => Step.Unsupported,
                _ => Step.Ended,
            };
    }

    /// <summary>splice(2) says that one of the two would have to wait, but not which.</summary>
    private Step WhoWaits()
    {
        long* items = stackalloc long[2];
        // struct pollfd: int fd, short events, short revents.
        *(int*)items = (int)_source.DangerousGetHandle();
        *((short*)items + 2) = POLLIN;
        *((short*)items + 3) = 0;
        *(int*)(items + 1) = (int)_destination.DangerousGetHandle();
        *((short*)items + 6) = POLLOUT;
        *((short*)items + 7) = 0;
        _ = poll(items, 2, 0);
        short source = *((short*)items + 3);
        short destination = *((short*)items + 7);
        if (source == 0)
        {
            return Step.SourceEmpty;
        }

        if (destination == 0)
        {
            return Step.DestinationFull;
        }

        // Both are ready now. Should splice(2) go on to refuse, it cannot be used on these two.
        return ++_stuck > 3 ? Step.Unsupported : Step.Moved;
    }

    private Step MoveBuffered()
    {
        if (_start == _end)
        {
            nint count = read(_source, _buffer, BufferSize);
            if (count <= 0)
            {
                return count == 0
                    ? Step.Ended
                    : Marshal.GetLastPInvokeError() switch
                    {
                        Errno.EAGAIN => Step.SourceEmpty,
                        Errno.EINTR => Step.Moved,
                        _ => Step.Ended, // EIO: the last slave of a terminal is closed
                    };
            }

            _start = 0;
            _end = (int)count;
        }

        // Invariant: 0 <= _start < _end <= BufferSize.
        nint written = write(_destination, _buffer + _start, (nuint)(_end - _start));
        if (written >= 0)
        {
            _start += (int)written;
            return Step.Moved;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Errno.EAGAIN:
                return Step.DestinationFull;
            case Errno.EINTR:
                return Step.Moved;
            case Errno.EPIPE:
                return Step.Ended;
            default:
                _start = _end;
                return Step.Moved;
        }
    }

    private bool TryArm(SafeFileHandle handle, long id, uint events, ref bool added)
    {
        bool armed = _loop.TryArm(handle, id, events, add: !added);
        added |= armed;
        return armed;
    }

    private void Finish()
    {
        if (_finished)
        {
            return;
        }

        _finished = true;
        _loop.Forget(_source, _sourceId);
        _loop.Forget(_destination, _destinationId);
        _source.Dispose();
        _destination.Dispose();
        NativeMemory.Free(_buffer);
        _buffer = null;
        _done.TrySetResult();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint splice(
        SafeFileHandle fd_in, long* off_in, SafeFileHandle fd_out, long* off_out, nuint len, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(long* fds, nuint nfds, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, byte* buf, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, byte* buf, nuint count);
}
