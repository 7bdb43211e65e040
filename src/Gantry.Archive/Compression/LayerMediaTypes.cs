using Gantry.Core.Errors;

namespace Gantry.Archive.Compression;

/// <summary>The media types of layers that can be applied (image-spec, layer.md; Docker's schema 2).</summary>
public static class LayerMediaTypes
{
    /// <summary>OCI's uncompressed layer: what an applied layer is described as.</summary>
    public const string Tar = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>OCI's layer packed with gzip: what a difference becomes unless another type is asked for.</summary>
    public const string TarGzip = Tar + "+gzip";

    private const string NonDistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    private const string Docker = "application/vnd.docker.image.rootfs.diff.tar";
    private const string DockerForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    /// <summary>True for the media type of a tar layer, packed or not.</summary>
    /// <param name="mediaType">Any text.</param>
    public static bool IsLayer(string mediaType) => mediaType switch
    {
        Tar or Tar + "+gzip" or Tar + "+zstd" => true,
        NonDistributable or NonDistributable + "+gzip" or NonDistributable + "+zstd" => true,
        Docker or Docker + ".gzip" or Docker + ".zstd" => true,
        DockerForeign or DockerForeign + ".gzip" or DockerForeign + ".zstd" => true,
        _ => false,
    };

    /// <summary>How a layer of a media type is packed.</summary>
    /// <param name="mediaType">A media type that <see cref="IsLayer"/> says yes to.</param>
    public static CompressionKind Kind(string mediaType) =>
        mediaType.EndsWith("gzip", StringComparison.Ordinal) ? CompressionKind.Gzip
        : mediaType.EndsWith("zstd", StringComparison.Ordinal) ? CompressionKind.Zstd
        : CompressionKind.None;

    /// <summary>Fails for what <see cref="IsLayer"/> says no to.</summary>
    /// <param name="mediaType">Any text.</param>
    /// <exception cref="GantryException">NotImplemented.</exception>
    public static void Require(string mediaType)
    {
        if (!IsLayer(mediaType))
        {
            throw new GantryException(
                ErrorKind.NotImplemented,
                $"failed to get stream processor for {mediaType}: no processor for media-type");
        }
    }
}
