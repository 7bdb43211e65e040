namespace Gantry.Ttrpc.Internal;

/// <summary>
/// A frame that came in. The payload is valid until the next one is read, and is empty when the frame is oversized.
/// </summary>
internal readonly record struct Frame(FrameHeader Header, ReadOnlyMemory<byte> Payload)
{
    public uint StreamId => Header.StreamId;

    public FrameType Type => Header.Type;

    public bool Has(FrameFlags flag) => (Header.Flags & flag) == flag;
}
