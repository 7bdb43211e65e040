using System.Collections.Immutable;
using Gantry.Core;

namespace Gantry.Storage.Containers;

/// <summary>
/// The stored form of a container's extensions: for each, in order, its name (7-bit encoded length and UTF-8), its type
/// URL (the same), and its value (7-bit encoded length and the bytes as they came).
/// </summary>
internal static class ExtensionCodec
{
    /// <summary>The stored form; null for none.</summary>
    public static ReadOnlyMemory<byte>? Encode(IReadOnlyDictionary<string, TypedBytes> extensions)
    {
        if (extensions.Count == 0)
        {
            return null;
        }

        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        foreach ((string name, TypedBytes value) in extensions)
        {
            writer.Write(name);
            writer.Write(value.TypeUrl);
            writer.Write7BitEncodedInt(value.Value.Length);
            writer.Write(value.Value.Span);
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Extensions from their stored form.</summary>
    public static IReadOnlyDictionary<string, TypedBytes> Decode(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty)
        {
            return ImmutableDictionary<string, TypedBytes>.Empty;
        }

        Dictionary<string, TypedBytes> extensions = new(StringComparer.Ordinal);
        using MemoryStream stream = new(stored.ToArray());
        using BinaryReader reader = new(stream);
        while (stream.Position < stream.Length)
        {
            string name = reader.ReadString();
            string type = reader.ReadString();
            int length = reader.Read7BitEncodedInt();
            extensions[name] = new TypedBytes(type, reader.ReadBytes(length));
        }

        return extensions;
    }
}
