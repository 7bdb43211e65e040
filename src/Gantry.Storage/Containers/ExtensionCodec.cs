using System.Collections.Immutable;
using System.Text;
using Gantry.Core;
using Gantry.Core.Containers;

namespace Gantry.Storage.Containers;

/// <summary>Extensions of containers and sandboxes: their stored form, which <see cref="StoredExtensions"/> tells of, and their paths.</summary>
internal static class ExtensionCodec
{
    private const string Field = "extensions";

    /// <summary>
    /// Applies one path of a field mask: <c>extensions</c> replaces them, <c>extensions.NAME</c> sets one, or removes it
    /// when it is not given.
    /// </summary>
    /// <returns>Null when the path names something else.</returns>
    public static IReadOnlyDictionary<string, TypedBytes>? Apply(
        string path,
        IReadOnlyDictionary<string, TypedBytes> current,
        IReadOnlyDictionary<string, TypedBytes> given)
    {
        if (string.Equals(path, Field, StringComparison.Ordinal))
        {
            return given;
        }

        if (!path.StartsWith($"{Field}.", StringComparison.Ordinal))
        {
            return null;
        }

        Dictionary<string, TypedBytes> changed = new(current, StringComparer.Ordinal);
        string name = path[(Field.Length + 1)..];
        changed.Remove(name);
        if (given.TryGetValue(name, out TypedBytes? value))
        {
            changed.Add(name, value);
        }

        return changed;
    }

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
