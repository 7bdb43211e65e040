using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Gantry.Server.Hosting;

/// <summary>
/// The input of an HTTP/2 connection. It looks at the first HEADERS frame: when the authority is <c>localhost</c>, as it
/// is with every client of today, all else passes untouched and uncopied; else every HEADERS frame of the connection
/// goes through <see cref="AuthorityRewriter"/>.
/// </summary>
internal sealed class AuthorityReader : PipeReader
{
    private const int PrefaceSize = 24;
    private const int FrameHeaderSize = 9;
    private const int HeadersType = 1;

    private readonly PipeReader _inner;
    private Mode _mode = Mode.Looking;
    private ReadOnlySequence<byte> _buffer;
    private Pipe? _rewritten;

    // Counted from the first byte that is not consumed: where the next frame to be looked at begins.
    private long _lookAt = PrefaceSize;

    private AuthorityReader(PipeReader inner) => _inner = inner;

    private enum Mode
    {
        Looking,
        Passing,
        Rewriting,
    }

    /// <summary>The middleware that puts this reader into a connection.</summary>
    public static ConnectionDelegate Wrap(ConnectionDelegate next) => async context =>
    {
        IDuplexPipe transport = context.Transport;
        context.Transport = new Duplex(new AuthorityReader(transport.Input), transport.Output);
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = transport;
        }
    };

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (_mode is Mode.Rewriting)
        {
            if (_rewritten!.Reader.TryRead(out ReadResult ready))
            {
                return ready;
            }

            ReadResult more = await _inner.ReadAsync(cancellationToken);
            if (Accept(more) is { } result)
            {
                return result;
            }
        }

        return Look(await _inner.ReadAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_mode is Mode.Rewriting)
        {
            while (!_rewritten!.Reader.TryRead(out result))
            {
                if (!_inner.TryRead(out ReadResult more))
                {
                    return false;
                }

                if (Accept(more) is { } accepted)
                {
                    result = accepted;
                    return true;
                }
            }

            return true;
        }

        if (!_inner.TryRead(out result))
        {
            return false;
        }

        result = Look(result);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        switch (_mode)
        {
            case Mode.Looking:
                _lookAt -= _buffer.Slice(0, consumed).Length;
                _buffer = default;
                _inner.AdvanceTo(consumed, examined);
                break;
            case Mode.Passing:
                _inner.AdvanceTo(consumed, examined);
                break;
            default:
                _rewritten!.Reader.AdvanceTo(consumed, examined);
                break;
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => _inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        _rewritten?.Reader.Complete(exception);
        _inner.Complete(exception);
    }

    private ReadResult Look(ReadResult result)
    {
        if (_mode is Mode.Passing)
        {
            return result;
        }

        _buffer = result.Buffer;
        while (TryReadFrame(_buffer, _lookAt, out FrameHeader frame))
        {
            if (frame.Type == HeadersType)
            {
                byte[] payload = _buffer.Slice(_lookAt + FrameHeaderSize, frame.Length).ToArray();
                if (AuthorityRewriter.IsAcceptable(frame.Flags, payload))
                {
                    _mode = Mode.Passing;
                    _buffer = default;
                    return result;
                }

                return StartRewriting(result);
            }

            _lookAt += FrameHeaderSize + frame.Length;
        }

        return result;
    }

    private ReadResult StartRewriting(ReadResult result)
    {
        // The one who reads consumes whole frames, so what it has left begins before this frame, or with it.
        _mode = Mode.Rewriting;
        _rewritten = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        foreach (ReadOnlyMemory<byte> segment in _buffer.Slice(0, _lookAt))
        {
            _rewritten.Writer.Write(segment.Span);
        }

        ReadResult rest = new(result.Buffer.Slice(_lookAt), result.IsCanceled, result.IsCompleted);
        _buffer = default;
        ReadResult? canceled = Accept(rest);
        if (canceled is { } now)
        {
            return now;
        }

        return _rewritten.Reader.TryRead(out ReadResult ready)
            ? ready
            : throw new InvalidOperationException("a frame was there and is gone");
    }

    /// <summary>Takes what has arrived; returns a result only when the read was cancelled.</summary>
    private ReadResult? Accept(ReadResult result)
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        PipeWriter writer = _rewritten!.Writer;
        long position = 0;
        while (TryReadFrame(buffer, position, out FrameHeader frame))
        {
            ReadOnlySequence<byte> whole = buffer.Slice(position, FrameHeaderSize + frame.Length);
            if (frame.Type == HeadersType)
            {
                WriteHeaders(whole.ToArray(), frame, writer);
            }
            else
            {
                foreach (ReadOnlyMemory<byte> segment in whole)
                {
                    writer.Write(segment.Span);
                }
            }

            position += whole.Length;
        }

        _inner.AdvanceTo(buffer.GetPosition(position), buffer.End);
        if (result.IsCompleted)
        {
            writer.Complete();
        }
        else
        {
            // Never waits: this pipe has no threshold.
            ValueTask<FlushResult> flush = writer.FlushAsync();
            System.Diagnostics.Debug.Assert(flush.IsCompleted, "a pipe without a threshold never waits");
        }

        return result.IsCanceled ? new ReadResult(default, isCanceled: true, isCompleted: false) : null;
    }

    private static void WriteHeaders(ReadOnlySpan<byte> frame, FrameHeader header, PipeWriter writer)
    {
        ArrayBufferWriter<byte> payload = new(frame.Length);
        AuthorityRewriter.Rewrite(header.Flags, frame[FrameHeaderSize..], payload);
        Span<byte> rewritten = stackalloc byte[FrameHeaderSize];
        frame[..FrameHeaderSize].CopyTo(rewritten);
        rewritten[0] = (byte)(payload.WrittenCount >> 16);
        rewritten[1] = (byte)(payload.WrittenCount >> 8);
        rewritten[2] = (byte)payload.WrittenCount;
        writer.Write(rewritten);
        writer.Write(payload.WrittenSpan);
    }

    // RFC 9113, 4.1:  length (24)  type (8)  flags (8)  stream (32)
    private static bool TryReadFrame(ReadOnlySequence<byte> buffer, long position, out FrameHeader frame)
    {
        frame = default;
        if (position < 0 || buffer.Length - position < FrameHeaderSize)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[FrameHeaderSize];
        buffer.Slice(position, FrameHeaderSize).CopyTo(header);
        int length = (int)(BinaryPrimitives.ReadUInt32BigEndian(header) >> 8);
        if (buffer.Length - position - FrameHeaderSize < length)
        {
            return false;
        }

        frame = new FrameHeader(length, header[3], header[4]);
        return true;
    }

    private readonly record struct FrameHeader(int Length, byte Type, byte Flags);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
