using System.Collections.Immutable;

namespace Gantry.Oci.Image;

/// <summary>A list of manifests, usually one for each platform (image-spec, image-index.md; Docker's manifest list).</summary>
/// <param name="MediaType">What it says it is; empty when it does not say.</param>
/// <param name="Manifests">Manifests and further indexes.</param>
public sealed record ImageIndex(string MediaType, IReadOnlyList<Descriptor> Manifests)
{
    /// <summary>Annotations; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The type of an artifact; null when it does not say.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The manifest that this index is about; null when it is about none.</summary>
    public Descriptor? Subject { get; init; }
}
