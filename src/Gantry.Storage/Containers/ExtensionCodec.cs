using System.Collections.Immutable;
using System.Text;
using Gantry.Core;
using Gantry.Core.Containers;

namespace Gantry.Storage.Containers;

/// <summary>The stored form of a container's extensions, which <see cref="StoredExtensions"/> tells of.</summary>
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
        StoredExtensions reader = new(stored);
        while (reader.Read())
        {
            extensions[Encoding.UTF8.GetString(reader.Name)] =
                new TypedBytes(Encoding.UTF8.GetString(reader.TypeUrl), reader.Value.ToArray());
        }

        return extensions;
    }
}
