using Gantry.Oci.Image;

namespace Gantry.Client.Transfers;

/// <summary>What the daemon tells of a transfer.</summary>
/// <param name="Event">In words: <c>downloading</c>, <c>extracting</c>, <c>complete</c>, or a sentence for people.</param>
/// <param name="Name">The part that it is about: the name of an image, or the ref of an ingest; empty for the whole.</param>
/// <param name="Digest">The digest of the part; empty when it has none.</param>
/// <param name="Offset">Bytes here so far.</param>
/// <param name="Total">Bytes that it is to have; 0 when that is not known.</param>
public sealed record TransferStep(string Event, string Name, Digest Digest, long Offset, long Total);
