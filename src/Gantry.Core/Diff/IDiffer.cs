using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Core.Diff;

/// <summary>Applies layers, and makes layers out of what has changed.</summary>
public interface IDiffer
{
    /// <summary>
    /// Unpacks a layer from the content store onto mounts. The caller throws the snapshot away when it fails.
    /// </summary>
    /// <param name="layer">
    /// The layer: tar, tar+gzip or tar+zstd in OCI's or Docker's media types, or a type that the daemon has a stream
    /// processor for.
    /// </param>
    /// <param name="mounts">Where to; a single overlay or bind mount is written to directly.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the work; what was written stays.</param>
    /// <returns>The uncompressed tar: media type, diff id, size.</returns>
    /// <exception cref="GantryException">
    /// NotFound: no such blob; NotImplemented: no such media type; InvalidArgument: the layer is malformed;
    /// FailedPrecondition: its bytes do not match its digest.
    /// </exception>
    Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        UnpackOptions options,
        CancellationToken cancellationToken);

    /// <summary>
    /// Writes what has changed between two sets of mounts into the content store, as a layer that makes the lower one
    /// the upper one. The same change gives the same bytes.
    /// </summary>
    /// <param name="lower">What was before, such as the mounts of a view of the parent; none for an empty tree.</param>
    /// <param name="upper">What is now, such as the mounts of an active snapshot. Nothing is written to it.</param>
    /// <param name="options">What kind of layer it is to be.</param>
    /// <param name="cancellationToken">Ends the work; an ingest may be left, which collection removes.</param>
    /// <returns>The layer: media type, digest, size. A blob of that digest that was there before is used.</returns>
    /// <exception cref="GantryException">
    /// NotImplemented: no such media type; Unavailable: the ref is in use; Aborted: a file changed while it was read.
    /// </exception>
    Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        DiffOptions options,
        CancellationToken cancellationToken);
}
