using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Core.Diff;

/// <summary>Applies layers.</summary>
public interface IDiffer
{
    /// <summary>
    /// Unpacks a layer from the content store onto mounts. The caller throws the snapshot away when it fails.
    /// </summary>
    /// <param name="layer">The layer: tar, tar+gzip or tar+zstd in OCI's or Docker's media types.</param>
    /// <param name="mounts">Where to; a single overlay or bind mount is written to directly.</param>
    /// <param name="syncFilesystem">Return only when the files would outlive a power failure.</param>
    /// <param name="cancellationToken">Ends the work; what was written stays.</param>
    /// <returns>The uncompressed tar: media type, diff id, size.</returns>
    /// <exception cref="GantryException">
    /// NotFound: no such blob; NotImplemented: no such media type; InvalidArgument: the layer is malformed;
    /// FailedPrecondition: its bytes do not match its digest.
    /// </exception>
    Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        bool syncFilesystem,
        CancellationToken cancellationToken);
}
