using System.Collections.Immutable;

namespace Gantry.Oci.Image;

/// <summary>The manifest of one image (image-spec, manifest.md; Docker's schema 2 is the same).</summary>
/// <param name="MediaType">What it says it is; empty when it does not say.</param>
/// <param name="Config">The config.</param>
/// <param name="Layers">The layers, lowest first.</param>
public sealed record ImageManifest(string MediaType, Descriptor Config, IReadOnlyList<Descriptor> Layers)
{
    /// <summary>Annotations; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The type of an artifact; null when it does not say.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The manifest that this one is about; null when it is about none.</summary>
    public Descriptor? Subject { get; init; }
}
