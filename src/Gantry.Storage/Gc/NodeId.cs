using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Gantry.Storage.Gc;

/// <summary>
/// An object, as the collector holds it while it marks: 128 bits of a hash of its namespace, kind and key, so that the
/// set of all that is alive stays small. If two objects ever had the same, one would be kept too long; the hash has a
/// secret key (SipHash-2-4), so that nobody can bring that about.
/// </summary>
internal readonly record struct NodeId(ulong High, ulong Low) : IComparable<NodeId>
{
    private const int StackSize = 512;
    private const int BlockSize = sizeof(ulong);

    private static readonly (ulong Low, ulong High) Secret = MakeSecret();

    /// <summary>The id of an object.</summary>
    public static NodeId Of(string ns, NodeKind kind, string key)
    {
        int length = Encoding.UTF8.GetMaxByteCount(ns.Length + key.Length);
        Span<byte> text = length <= StackSize ? stackalloc byte[StackSize] : new byte[length];
        int split = Encoding.UTF8.GetBytes(ns, text);
        int end = split + Encoding.UTF8.GetBytes(key, text[split..]);
        return Of(text[..split], kind, text[split..end]);
    }

    /// <summary>The id of an object, from texts in UTF-8.</summary>
    public static NodeId Of(ReadOnlySpan<byte> ns, NodeKind kind, ReadOnlySpan<byte> key)
    {
        int length = ns.Length + key.Length + 2;
        int padded = ((length / BlockSize) + 1) * BlockSize;
        Span<byte> text = padded <= StackSize ? stackalloc byte[StackSize] : new byte[padded];
        ns.CopyTo(text);
        text[ns.Length] = 0;
        text[ns.Length + 1] = (byte)kind;
        key.CopyTo(text[(ns.Length + 2)..]);
        text[length..padded].Clear();
        text[padded - 1] = (byte)length;
        return Hash(text[..padded], Secret.Low, Secret.High);
    }

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>SipHash-2-4 with 128 bits of output, over whole blocks of which the last ends in the length.</summary>
    private static NodeId Hash(ReadOnlySpan<byte> blocks, ulong low, ulong high)
    {
        ulong a = low ^ 0x736f6d6570736575;
        ulong b = high ^ 0x646f72616e646f6d ^ 0xee;
        ulong c = low ^ 0x6c7967656e657261;
        ulong d = high ^ 0x7465646279746573;
        for (; !blocks.IsEmpty; blocks = blocks[BlockSize..])
        {
            ulong block = BinaryPrimitives.ReadUInt64LittleEndian(blocks);
            d ^= block;
            Round(ref a, ref b, ref c, ref d);
            Round(ref a, ref b, ref c, ref d);
            a ^= block;
        }

        c ^= 0xee;
        Finish(ref a, ref b, ref c, ref d);
        ulong first = a ^ b ^ c ^ d;
        b ^= 0xdd;
        Finish(ref a, ref b, ref c, ref d);
        return new NodeId(first, a ^ b ^ c ^ d);
    }

    private static void Finish(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        for (int i = 0; i < 4; i++)
        {
            Round(ref a, ref b, ref c, ref d);
        }
    }

    private static void Round(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a += b;
        c += d;
        b = BitOperations.RotateLeft(b, 13) ^ a;
        d = BitOperations.RotateLeft(d, 16) ^ c;
        a = BitOperations.RotateLeft(a, 32) + d;
        c += b;
        b = BitOperations.RotateLeft(b, 17) ^ c;
        d = BitOperations.RotateLeft(d, 21) ^ a;
        c = BitOperations.RotateLeft(c, 32);
    }

    private static (ulong Low, ulong High) MakeSecret()
    {
        Span<byte> secret = stackalloc byte[2 * BlockSize];
        RandomNumberGenerator.Fill(secret);
        return (
            BinaryPrimitives.ReadUInt64LittleEndian(secret),
            BinaryPrimitives.ReadUInt64LittleEndian(secret[BlockSize..]));
    }

    /// <summary>Orders ids.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>Orders ids.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <summary>Orders ids.</summary>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <summary>Orders ids.</summary>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;
}
