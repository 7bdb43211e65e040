namespace Gantry.Oci.Image;

/// <summary>What to fetch and how to check it: media type, digest and size (image-spec, descriptor.md).</summary>
/// <param name="MediaType">The media type of the content; not empty.</param>
/// <param name="Digest">The digest of the content.</param>
/// <param name="Size">The size of the content in bytes; not negative.</param>
public sealed record Descriptor(string MediaType, Digest Digest, long Size)
{
    /// <summary>Annotations; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>The platform that the content is for, where an index says so.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Other places to fetch the content from (foreign layers).</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>The type of an artifact, where the descriptor says so.</summary>
    public string? ArtifactType { get; init; }
}
