using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>Which manifests of an index come into question.</summary>
internal static class ManifestChoice
{
    /// <summary>
    /// The manifests and indexes of an index that are for a platform, best first; after them those that do not say
    /// what they are for, whose config must be looked at.
    /// </summary>
    public static IReadOnlyList<Descriptor> Order(ImageIndex index, PlatformMatcher platform) =>
        [.. index.Manifests
            .Where(m => MediaTypes.IsManifest(m.MediaType) || MediaTypes.IsIndex(m.MediaType))
            .Select(m => (Manifest: m, Rank: m.Platform is null ? int.MaxValue : platform.Rank(m.Platform) ?? -1))
            .Where(m => m.Rank >= 0)
            .OrderBy(m => m.Rank)
            .Select(m => m.Manifest)];
}
