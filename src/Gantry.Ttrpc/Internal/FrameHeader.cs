using System.Buffers.Binary;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// The ten bytes before each payload:
/// <code>
///  0..3  length of the payload, big endian
///  4..7  stream, big endian; odd, as only clients open streams
///  8     type
///  9     flags
/// </code>
/// </summary>
internal readonly record struct FrameHeader(uint Length, uint StreamId, FrameType Type, FrameFlags Flags)
{
    /// <summary>Bytes in a header.</summary>
    public const int Size = 10;

    /// <summary>The greatest payload: 4 MiB.</summary>
    public const int MaxPayload = 4 << 20;

    public bool IsOversized => Length > MaxPayload;

    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
        (FrameType)bytes[8],
        (FrameFlags)bytes[9]);

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], StreamId);
        bytes[8] = (byte)Type;
        bytes[9] = (byte)Flags;
    }
}
