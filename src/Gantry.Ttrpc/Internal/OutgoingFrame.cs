using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// A frame in the making, in one borrowed buffer: the message is written first, at a distance from the start that
/// leaves room for the header and for what the envelope puts before it; the rest of the envelope follows it.
/// <code>
/// | unused | header | fields before | message | fields after | unused |
///          ^_start                  ^_headroom               ^_end
/// </code>
/// Whoever holds it disposes it, which gives the buffer back.
/// </summary>
internal sealed class OutgoingFrame : SerializationContext, IBufferWriter<byte>, IDisposable
{
    // Tags of the envelope's fields, see api/ttrpc.proto. All are length-delimited but the timeout.
    private const byte RequestService = 0x0a;
    private const byte RequestMethod = 0x12;
    private const byte RequestPayload = 0x1a;
    private const byte RequestTimeout = 0x20;
    private const byte RequestMetadata = 0x2a;
    private const byte KeyValueKey = 0x0a;
    private const byte KeyValueValue = 0x12;
    private const byte ResponsePayload = 0x12;

    private const int MaxVarint32 = 5;
    private const int MaxVarint64 = 10;
    private const int Tailroom = 64;

    private readonly int _headroom;
    private byte[]? _array;
    private int _start;
    private int _end;

    private OutgoingFrame(int headroom)
    {
        _headroom = headroom;
        _start = headroom;
        _end = headroom;
    }

    /// <summary>The whole frame, once it is sealed.</summary>
    public ReadOnlyMemory<byte> Bytes => _array.AsMemory(_start, _end - _start);

    /// <summary>A request with its envelope; its stream is set by <see cref="SetStreamId"/>.</summary>
    /// <exception cref="RpcException">ResourceExhausted: it is too large.</exception>
    public static OutgoingFrame Request<TRequest>(
        string service,
        string method,
        Marshaller<TRequest> marshaller,
        TRequest? message,
        long timeoutNanoseconds,
        Metadata? metadata,
        FrameFlags flags)
        where TRequest : class
    {
        int names = Encoding.UTF8.GetByteCount(service) + Encoding.UTF8.GetByteCount(method) + (2 * (1 + MaxVarint32));
        OutgoingFrame frame = new(FrameHeader.Size + names + 1 + MaxVarint32);
        try
        {
            if (message is not null)
            {
                marshaller.ContextualSerializer(message, frame);
            }

            frame.PrependLength(RequestPayload);
            frame.PrependText(RequestMethod, method);
            frame.PrependText(RequestService, service);
            if (timeoutNanoseconds != 0)
            {
                frame.AppendVarint(RequestTimeout, (ulong)timeoutNanoseconds);
            }

            frame.AppendMetadata(metadata);
            frame.Seal(FrameType.Request, flags);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>The answer of a call that went well.</summary>
    /// <exception cref="RpcException">ResourceExhausted: it is too large.</exception>
    public static OutgoingFrame Response<TResponse>(uint streamId, Marshaller<TResponse> marshaller, TResponse message)
    {
        OutgoingFrame frame = new(FrameHeader.Size + 1 + MaxVarint32);
        try
        {
            marshaller.ContextualSerializer(message, frame);
            frame.PrependLength(ResponsePayload);
            frame.Seal(FrameType.Response, FrameFlags.None);
            frame.SetStreamId(streamId);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>The answer of a call that failed.</summary>
    public static OutgoingFrame Failure(uint streamId, Google.Rpc.Status status)
    {
        Api.Ttrpc.Response response = new() { Status = status };
        OutgoingFrame frame = new(FrameHeader.Size);
        try
        {
            frame.SetPayloadLength(response.CalculateSize());
            response.WriteTo(frame);
            frame.Seal(FrameType.Response, FrameFlags.None);
            frame.SetStreamId(streamId);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>A message of a stream.</summary>
    /// <exception cref="RpcException">ResourceExhausted: it is too large.</exception>
    public static OutgoingFrame Data<TMessage>(uint streamId, Marshaller<TMessage> marshaller, TMessage message)
    {
        OutgoingFrame frame = new(FrameHeader.Size);
        try
        {
            marshaller.ContextualSerializer(message, frame);
            frame.Seal(FrameType.Data, FrameFlags.None);
            frame.SetStreamId(streamId);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>The end of a stream.</summary>
    public static OutgoingFrame End(uint streamId)
    {
        OutgoingFrame frame = new(FrameHeader.Size);
        try
        {
            frame.Seal(FrameType.Data, FrameFlags.RemoteClosed | FrameFlags.NoData);
            frame.SetStreamId(streamId);
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Writes the stream into the header of a sealed frame.</summary>
    public void SetStreamId(uint streamId) =>
        BinaryPrimitives.WriteUInt32BigEndian(_array.AsSpan(_start + 4), streamId);

    /// <inheritdoc/>
    public override void SetPayloadLength(int payloadLength)
    {
        ThrowIfOversized(payloadLength);
        Reserve(payloadLength + Tailroom);
    }

    /// <inheritdoc/>
    public override IBufferWriter<byte> GetBufferWriter() => this;

    /// <inheritdoc/>
    public override void Complete()
    {
    }

    /// <inheritdoc/>
    public override void Complete(byte[] payload)
    {
        SetPayloadLength(payload.Length);
        payload.CopyTo(GetSpan(payload.Length));
        Advance(payload.Length);
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        int room = (_array?.Length ?? 0) - _end;
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, room);
        _end += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsMemory(_end);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_array is not null)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = null;
        }
    }

    private void Seal(FrameType type, FrameFlags flags)
    {
        Reserve(0);
        int length = _end - _start;
        ThrowIfOversized(length);
        _start -= FrameHeader.Size;
        Debug.Assert(_start >= 0, "the room before the message is too small");
        new FrameHeader((uint)length, 0, type, flags).Write(_array.AsSpan(_start));
    }

    private void Reserve(int count)
    {
        ThrowIfOversized(_end - _headroom);
        if (_array is null)
        {
            _array = ArrayPool<byte>.Shared.Rent(_headroom + count);
        }
        else if (_array.Length - _end < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_end + count, 2 * _array.Length));
            _array.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }
    }

    /// <summary>Puts a tag and the length of the message before it; an empty message needs neither.</summary>
    private void PrependLength(byte tag)
    {
        int length = _end - _headroom;
        if (length > 0)
        {
            PrependTag(tag, length);
        }
    }

    private void PrependText(byte tag, string text)
    {
        Reserve(0);
        int length = Encoding.UTF8.GetByteCount(text);
        _start -= length;
        Encoding.UTF8.GetBytes(text, _array.AsSpan(_start, length));
        PrependTag(tag, length);
    }

    private void PrependTag(byte tag, int length)
    {
        int size = VarintSize((ulong)length);
        _start -= 1 + size;
        _array![_start] = tag;
        WriteVarint(_array.AsSpan(_start + 1), (ulong)length);
    }

    private void AppendVarint(byte tag, ulong value)
    {
        Span<byte> span = GetSpan(1 + MaxVarint64);
        span[0] = tag;
        Advance(1 + WriteVarint(span[1..], value));
    }

    private void AppendText(byte tag, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        AppendVarint(tag, (ulong)length);
        Encoding.UTF8.GetBytes(text, GetSpan(length));
        Advance(length);
    }

    private void AppendMetadata(Metadata? metadata)
    {
        if (metadata is null)
        {
            return;
        }

        foreach (Metadata.Entry entry in metadata)
        {
            string value = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;
            int keyLength = Encoding.UTF8.GetByteCount(entry.Key);
            int valueLength = Encoding.UTF8.GetByteCount(value);
            ThrowIfOversized((long)keyLength + valueLength);
            int length = 2 + VarintSize((ulong)keyLength) + keyLength + VarintSize((ulong)valueLength) + valueLength;
            AppendVarint(RequestMetadata, (ulong)length);
            AppendText(KeyValueKey, entry.Key);
            AppendText(KeyValueValue, value);
        }
    }

    private static int VarintSize(ulong value)
    {
        int size = 1;
        while (value >= 0x80)
        {
            value >>= 7;
            size++;
        }

        return size;
    }

    private static int WriteVarint(Span<byte> span, ulong value)
    {
        int size = 0;
        while (value >= 0x80)
        {
            span[size++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[size++] = (byte)value;
        return size;
    }

    private static void ThrowIfOversized(long length)
    {
        if (length > FrameHeader.MaxPayload)
        {
            throw Failures.Oversized(length);
        }
    }
}
