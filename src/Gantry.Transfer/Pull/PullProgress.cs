using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>How far a part of a pull has come; the newest record for a <see cref="Ref"/> is the valid one.</summary>
/// <param name="Ref">The name of the image, or the ref of an ingest: <c>layer-sha256:…</c>.</param>
/// <param name="Digest">The digest; empty while the name is being resolved.</param>
/// <param name="Offset">Bytes here so far.</param>
/// <param name="Total">Bytes that it is to have; 0 when that is not known.</param>
/// <param name="State">What is happening to it.</param>
public sealed record PullProgress(string Ref, Digest Digest, long Offset, long Total, PullState State)
{
    /// <summary>The parts of a manifest or index that was opened; empty otherwise.</summary>
    public IReadOnlyList<Digest> Children { get; init; } = [];

    /// <summary>Tells of the parts of a manifest or index.</summary>
    /// <param name="parent">The manifest or index.</param>
    /// <param name="children">Its parts.</param>
    internal static PullProgress Opened(Descriptor parent, IEnumerable<Descriptor> children) =>
        new(IngestRef.Of(parent), parent.Digest, parent.Size, parent.Size, PullState.Opened)
        {
            Children = [.. children.Select(child => child.Digest)],
        };
}
