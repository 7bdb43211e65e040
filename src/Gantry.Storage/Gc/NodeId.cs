using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gantry.Storage.Gc;

/// <summary>
/// An object, as the collector holds it while it marks: 128 bits of a hash of its namespace, kind and key, so that the
/// set of all that is alive stays small. If two objects ever had the same, one would be kept too long.
/// </summary>
internal readonly record struct NodeId(ulong High, ulong Low) : IComparable<NodeId>
{
    /// <summary>The id of an object.</summary>
    public static NodeId Of(string ns, NodeKind kind, string key)
    {
        int length = Encoding.UTF8.GetMaxByteCount(ns.Length + key.Length) + 2;
        Span<byte> text = length <= 512 ? stackalloc byte[512] : new byte[length];
        int written = Encoding.UTF8.GetBytes(ns, text);
        text[written++] = 0;
        text[written++] = (byte)kind;
        written += Encoding.UTF8.GetBytes(key, text[written..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..written], hash);
        return new NodeId(
            BinaryPrimitives.ReadUInt64LittleEndian(hash),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
    }

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Orders ids.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>Orders ids.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <summary>Orders ids.</summary>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders ids.</summary>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;
}
