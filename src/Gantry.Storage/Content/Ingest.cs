using Gantry.Oci.Image;

namespace Gantry.Storage.Content;

/// <summary>The record of an ingest.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Reference">The client's name for it.</param>
/// <param name="Backend">Its name on disk, which is never used twice.</param>
/// <param name="Total">The size it is to have; 0 when not known.</param>
/// <param name="Expected">The blob on disk that it stands for as long as nothing is written to it; else empty.</param>
/// <param name="StartedAt">When it was begun.</param>
internal sealed record Ingest(
    string Namespace,
    string Reference,
    string Backend,
    long Total,
    Digest Expected,
    DateTimeOffset StartedAt);
