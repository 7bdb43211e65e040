using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>Bytes on their way from a descriptor to code that looks at them.</summary>
public sealed class StreamFeed : IStreamMove, IoLoop.IReady
{
    private const int BufferSize = 16 * 1024;

    /// <summary>After so many reads others have their turn.</summary>
    private const int StepLimit = 8;

    private readonly IoLoop _loop;
    private readonly SafeFileHandle _source;
    private readonly BytesTaker _take;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _id;
    private bool _added;
    private bool _finished;

    internal StreamFeed(IoLoop loop, SafeFileHandle source, BytesTaker take)
    {
        _loop = loop;
        _source = source;
        _take = take;
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
                return _finished ? 0 : Descriptors.Waiting(_source);
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
        _id = _loop.Register(this);
        Pump();
    }

    private void Pump()
    {
        Span<byte> buffer = stackalloc byte[BufferSize];
        for (int i = 0; i < StepLimit && !_finished; i++)
        {
            int count = Read(buffer);
            if (count < 0)
            {
                break;
            }

            if (count == 0)
            {
                Finish();
                return;
            }

            _take(buffer[..count]);
        }

        if (!_finished)
        {
            _added |= _loop.TryArm(_source, _id, IoLoop.EPOLLIN, add: !_added);
        }
    }

    private int Read(Span<byte> buffer)
    {
        try
        {
            return Descriptors.Read(_source, buffer);
        }
        catch (LinuxException)
        {
            // EIO is how a terminal ends, and there is nothing more to be had from another that fails.
            return 0;
        }
    }

    private void Finish()
    {
        if (_finished)
        {
            return;
        }

        _finished = true;
        _loop.Forget(_source, _id);
        _source.Dispose();
        _done.TrySetResult();
    }
}
