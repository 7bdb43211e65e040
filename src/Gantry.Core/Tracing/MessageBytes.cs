using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Gantry.Core.Tracing;

/// <summary>The fields of one protobuf message, as bytes.</summary>
internal sealed class MessageBytes
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>All of it.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>Adds a message.</summary>
    public void Add(int field, MessageBytes message) => Add(field, message._bytes.WrittenSpan);

    /// <summary>Adds a text.</summary>
    public void Add(int field, string text) => Add(field, Encoding.UTF8.GetBytes(text));

    /// <summary>Adds bytes.</summary>
    public void Add(int field, ReadOnlySpan<byte> bytes)
    {
        Write(((ulong)field << 3) | Delimited);
        Write((ulong)bytes.Length);
        _bytes.Write(bytes);
    }

    /// <summary>Adds a number.</summary>
    public void AddNumber(int field, ulong number)
    {
        Write(((ulong)field << 3) | Varint);
        Write(number);
    }

    /// <summary>Adds a number of 8 bytes.</summary>
    public void AddFixed(int field, ulong number)
    {
        Write(((ulong)field << 3) | Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), number);
        _bytes.Advance(sizeof(ulong));
    }

    private void Write(ulong number)
    {
        while (number >= 0x80)
        {
            WriteByte((byte)(number | 0x80));
            number >>= 7;
        }

        WriteByte((byte)number);
    }

    private void WriteByte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
