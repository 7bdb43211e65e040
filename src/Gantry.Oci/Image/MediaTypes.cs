namespace Gantry.Oci.Image;

/// <summary>Media types of the OCI image specification and of Docker's image manifest version 2, schema 2.</summary>
public static class MediaTypes
{
    /// <summary>OCI: an index.</summary>
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>OCI: a manifest.</summary>
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>OCI: an image's config.</summary>
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>OCI: a layer, not compressed.</summary>
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI: a layer, gzip.</summary>
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>OCI: a layer, zstd.</summary>
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>OCI: the config of an artifact that has none.</summary>
    public const string OciEmpty = "application/vnd.oci.empty.v1+json";

    /// <summary>Docker: a manifest list, which is an index.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Docker: a manifest.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker: an image's config.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>Docker: a layer, not compressed.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Docker: a layer, gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Docker: a layer, zstd.</summary>
    public const string DockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";

    /// <summary>Docker: a manifest of schema 1, which is not supported.</summary>
    public const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

    /// <summary>Docker: a signed manifest of schema 1, which is not supported.</summary>
    public const string DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    private const string OciLayerPrefix = "application/vnd.oci.image.layer.";
    private const string DockerLayerPrefix = "application/vnd.docker.image.rootfs.";

    /// <summary>Whether it is a manifest of one image.</summary>
    /// <param name="mediaType">A media type.</param>
    public static bool IsManifest(string mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>Whether it is an index of manifests.</summary>
    /// <param name="mediaType">A media type.</param>
    public static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerManifestList;

    /// <summary>Whether it is a manifest of schema 1.</summary>
    /// <param name="mediaType">A media type.</param>
    public static bool IsSchema1(string mediaType) => mediaType is DockerSchema1 or DockerSchema1Signed;

    /// <summary>Whether it is the config of an image that can be run.</summary>
    /// <param name="mediaType">A media type.</param>
    public static bool IsConfig(string mediaType) => mediaType is OciConfig or DockerConfig;

    /// <summary>Whether it is a layer, compressed, encrypted, foreign or neither.</summary>
    /// <param name="mediaType">A media type.</param>
    public static bool IsLayer(string mediaType) =>
        mediaType.StartsWith(OciLayerPrefix, StringComparison.Ordinal)
        || mediaType.StartsWith(DockerLayerPrefix, StringComparison.Ordinal);
}
