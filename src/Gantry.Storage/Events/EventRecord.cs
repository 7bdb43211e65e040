using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Storage.Events;

/// <summary>An event as bytes of a file.</summary>
/// <remarks>
/// <code>
///  0  u32  length of the body
///  4  u32  CRC-32C of the body
///  8  u64  body: sequence number
/// 16  i64  time, in ticks of 100 ns of UTC
/// 24  u16  length of the namespace
/// 26  u16  length of the topic
/// 28  u16  length of the type
/// 30       namespace, topic, type (UTF-8), payload
/// </code>
/// All numbers are little-endian.
/// </remarks>
internal static class EventRecord
{
    /// <summary>The length of what comes before the body.</summary>
    public const int HeaderLength = 8;

    /// <summary>The greatest body. One that says it is greater is not an event but damage.</summary>
    public const int MaxBody = 32 << 20;

    private const int NamesOffset = 22;

    /// <summary>The event as bytes.</summary>
    /// <param name="envelope">The event, with its number.</param>
    /// <returns>Null when a part of it is longer than a record can hold.</returns>
    public static byte[]? TryEncode(EventEnvelope envelope)
    {
        byte[] ns = Encoding.UTF8.GetBytes(envelope.Namespace.ToString());
        byte[] topic = Encoding.UTF8.GetBytes(envelope.Topic);
        byte[] type = Encoding.UTF8.GetBytes(envelope.Event.TypeUrl);
        long length = NamesOffset + ns.Length + topic.Length + type.Length + (long)envelope.Event.Value.Length;
        if (length > MaxBody || int.Max(int.Max(ns.Length, topic.Length), type.Length) > ushort.MaxValue)
        {
            return null;
        }

        byte[] record = new byte[HeaderLength + length];
        Span<byte> body = record.AsSpan(HeaderLength);
        BinaryPrimitives.WriteUInt64LittleEndian(body, envelope.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], envelope.Timestamp.UtcTicks);
        BinaryPrimitives.WriteUInt16LittleEndian(body[16..], (ushort)ns.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(body[18..], (ushort)topic.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(body[20..], (ushort)type.Length);
        Span<byte> rest = body[NamesOffset..];
        rest = Put(ns, rest);
        rest = Put(topic, rest);
        rest = Put(type, rest);
        Put(envelope.Event.Value.Span, rest);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Checksum(body));
        return record;
    }

    /// <summary>Reads what comes before a body.</summary>
    /// <param name="header"><see cref="HeaderLength"/> bytes.</param>
    /// <param name="length">The length of the body.</param>
    /// <param name="checksum">Its checksum.</param>
    /// <returns>False when no record begins like this.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out int length, out uint checksum)
    {
        uint said = BinaryPrimitives.ReadUInt32LittleEndian(header);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        length = (int)uint.Min(said, MaxBody);
        return said is >= NamesOffset and <= MaxBody;
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body; the event keeps it.</param>
    /// <param name="checksum">What its checksum is to be.</param>
    /// <param name="envelope">The event.</param>
    /// <returns>False when it is damaged.</returns>
    /// <exception cref="GantryException">InvalidArgument: it is whole, and its namespace is no identifier.</exception>
    public static bool TryDecode(ReadOnlyMemory<byte> body, uint checksum, [NotNullWhen(true)] out EventEnvelope? envelope)
    {
        envelope = null;
        ReadOnlySpan<byte> bytes = body.Span;
        if (bytes.Length < NamesOffset || Checksum(bytes) != checksum)
        {
            return false;
        }

        long ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        int ns = BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]);
        int topic = BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]);
        int payload = NamesOffset + ns + topic + type;
        if (payload > bytes.Length
            || ticks < DateTimeOffset.MinValue.Ticks
            || ticks > DateTimeOffset.MaxValue.Ticks)
        {
            return false;
        }

        envelope = new EventEnvelope(
            new DateTimeOffset(ticks, TimeSpan.Zero),
            ns == 0 ? default : Namespace.Parse(Encoding.UTF8.GetString(bytes.Slice(NamesOffset, ns))),
            Encoding.UTF8.GetString(bytes.Slice(NamesOffset + ns, topic)),
            new TypedBytes(Encoding.UTF8.GetString(bytes.Slice(NamesOffset + ns + topic, type)), body[payload..]))
        {
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
        return true;
    }

    private static Span<byte> Put(ReadOnlySpan<byte> part, Span<byte> target)
    {
        part.CopyTo(target);
        return target[part.Length..];
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}
