using Gantry.Archive.Compression;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Conversion;

/// <summary>The media types of an image that is converted.</summary>
internal static class ConvertedTypes
{
    private const string DockerPrefix = "application/vnd.docker.";
    private const string OciForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    private const string DockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    /// <summary>The type of a manifest, index or config; what is none of them keeps its own.</summary>
    public static string Of(string mediaType, MediaTypeFamily family) => (family, mediaType) switch
    {
        (MediaTypeFamily.Oci, MediaTypes.DockerManifestList) => MediaTypes.OciIndex,
        (MediaTypeFamily.Oci, MediaTypes.DockerManifest) => MediaTypes.OciManifest,
        (MediaTypeFamily.Oci, MediaTypes.DockerConfig) => MediaTypes.OciConfig,
        (MediaTypeFamily.Docker, MediaTypes.OciIndex) => MediaTypes.DockerManifestList,
        (MediaTypeFamily.Docker, MediaTypes.OciManifest) => MediaTypes.DockerManifest,
        (MediaTypeFamily.Docker, MediaTypes.OciConfig) => MediaTypes.DockerConfig,
        _ => mediaType,
    };

    /// <summary>The type of a layer.</summary>
    /// <param name="mediaType">The type that it has.</param>
    /// <param name="kind">How it is packed in the new image.</param>
    /// <param name="family">Whose types the new image has.</param>
    /// <exception cref="GantryException">InvalidArgument: Docker's images have no such layers.</exception>
    public static string OfLayer(string mediaType, CompressionKind kind, MediaTypeFamily family)
    {
        bool docker = family == MediaTypeFamily.Docker
            || (family == MediaTypeFamily.Same && mediaType.StartsWith(DockerPrefix, StringComparison.Ordinal));
        if (docker && kind == CompressionKind.Zstd)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, "an image in docker's media types has no zstd layers: use OCI's types, or gzip");
        }

        string plain = (docker, ImageContents.IsForeign(mediaType)) switch
        {
            (true, true) => DockerForeignLayer,
            (true, false) => MediaTypes.DockerLayer,
            (false, true) => OciForeignLayer,
            (false, false) => MediaTypes.OciLayer,
        };
        return kind switch
        {
            CompressionKind.Gzip => plain + (docker ? ".gzip" : "+gzip"),
            CompressionKind.Zstd => plain + "+zstd",
            _ => plain,
        };
    }
}
