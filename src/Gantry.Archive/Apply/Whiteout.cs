using Gantry.Core.Errors;

namespace Gantry.Archive.Apply;

/// <summary>Names by which a layer deletes (image-spec, layer.md, Whiteouts).</summary>
internal static class Whiteout
{
    /// <summary>A file <c>.wh.NAME</c> deletes NAME.</summary>
    internal static ReadOnlySpan<byte> Prefix => ".wh."u8;

    /// <summary>A file of this name deletes all that is in its directory below this layer.</summary>
    internal static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;

    /// <summary>Other names that begin like this are AUFS's own affairs.</summary>
    private static ReadOnlySpan<byte> MetadataPrefix => ".wh..wh."u8;

    /// <summary>True when a path, or a directory on it, is AUFS's own affair.</summary>
    internal static bool IsMetadata(LayerPath path)
    {
        for (ReadOnlySpan<byte> rest = path.Bytes; !rest.IsEmpty;)
        {
            int slash = rest.IndexOf((byte)'/');
            ReadOnlySpan<byte> name = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            if (name.StartsWith(MetadataPrefix) && !(rest.IsEmpty && name.SequenceEqual(Opaque)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The name that a whiteout deletes.</summary>
    /// <exception cref="GantryException">InvalidArgument: it would delete a directory around it.</exception>
    internal static ReadOnlySpan<byte> Target(LayerPath path)
    {
        ReadOnlySpan<byte> target = path.Name[Prefix.Length..];
        return target.IsEmpty || target.SequenceEqual("."u8) || target.SequenceEqual(".."u8)
            ? throw new GantryException(ErrorKind.InvalidArgument, $"invalid whiteout name: {path}")
            : target;
    }
}
