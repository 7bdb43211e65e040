using System.Text;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;

namespace Gantry.Archive.Apply;

/// <summary>
/// A name of an archive, cleaned: relative to the root, without empty names, <c>.</c> and <c>..</c>. A <c>..</c> that
/// would leave the root stays at the root, as in a shell at <c>/</c>.
/// </summary>
/// <param name="Bytes">The names, with one slash between two; empty for the root itself.</param>
internal readonly record struct LayerPath(byte[] Bytes)
{
    private const byte Slash = (byte)'/';

    /// <summary>True for the root itself.</summary>
    internal bool IsRoot => Bytes.Length == 0;

    /// <summary>All names but the last; empty when there is one only.</summary>
    internal ReadOnlySpan<byte> Directory => Bytes.AsSpan(0, Math.Max(0, Bytes.AsSpan().LastIndexOf(Slash)));

    /// <summary>The last name.</summary>
    internal ReadOnlySpan<byte> Name => Bytes.AsSpan(Bytes.AsSpan().LastIndexOf(Slash) + 1);

    internal static LayerPath Clean(ReadOnlySpan<byte> path, TarLimits limits)
    {
        byte[] clean = new byte[path.Length];
        int length = 0;
        int depth = 0;
        while (!path.IsEmpty)
        {
            int end = path.IndexOf(Slash);
            ReadOnlySpan<byte> name = end < 0 ? path : path[..end];
            path = end < 0 ? [] : path[(end + 1)..];
            if (name.IsEmpty || name.SequenceEqual("."u8))
            {
                continue;
            }

            if (name.SequenceEqual(".."u8))
            {
                length = Math.Max(0, clean.AsSpan(0, length).LastIndexOf(Slash));
                depth = Math.Max(0, depth - 1);
                continue;
            }

            if (++depth > limits.MaxPathDepth)
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument, $"invalid tar header: a path has more than {limits.MaxPathDepth} names");
            }

            if (length > 0)
            {
                clean[length++] = Slash;
            }

            name.CopyTo(clean.AsSpan(length));
            length += name.Length;
        }

        return new LayerPath(clean.AsSpan(0, length).ToArray());
    }

    /// <summary>A path and one name more.</summary>
    internal static byte[] Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name)
    {
        if (directory.IsEmpty)
        {
            return name.ToArray();
        }

        byte[] joined = new byte[directory.Length + 1 + name.Length];
        directory.CopyTo(joined);
        joined[directory.Length] = Slash;
        name.CopyTo(joined.AsSpan(directory.Length + 1));
        return joined;
    }

    /// <inheritdoc/>
    public override string ToString() => "/" + Encoding.UTF8.GetString(Bytes);
}
