using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Commit;

/// <summary>The media type of a new layer.</summary>
/// <param name="Compare">What the differ is asked for.</param>
/// <param name="Manifest">What the manifest calls it: an image keeps to Docker's types, or to OCI's.</param>
internal readonly record struct LayerType(string Compare, string Manifest)
{
    /// <summary>The types for an image.</summary>
    /// <param name="manifestType">The media type of its manifest.</param>
    /// <param name="compression">How the layer is compressed.</param>
    /// <exception cref="GantryException">InvalidArgument: Docker's images have no such layers.</exception>
    public static LayerType Of(string manifestType, CommitCompression compression)
    {
        bool docker = manifestType == MediaTypes.DockerManifest;
        return compression switch
        {
            CommitCompression.Gzip =>
                new LayerType(MediaTypes.OciLayerGzip, docker ? MediaTypes.DockerLayerGzip : MediaTypes.OciLayerGzip),
            CommitCompression.None =>
                new LayerType(MediaTypes.OciLayer, docker ? MediaTypes.DockerLayer : MediaTypes.OciLayer),
            _ when docker => throw new GantryException(
                ErrorKind.InvalidArgument, "an image in docker's media types has no zstd layers: use gzip"),
            _ => new LayerType(MediaTypes.OciLayerZstd, MediaTypes.OciLayerZstd),
        };
    }
}
