using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>How far an ingest has come.</summary>
/// <param name="Ref">The client's name for it.</param>
/// <param name="Offset">Bytes written so far.</param>
/// <param name="Total">Bytes that it is to have; 0 when that is not known.</param>
/// <param name="Expected">The digest that it is to have; empty when that is not known.</param>
/// <param name="StartedAt">When it was opened first.</param>
/// <param name="UpdatedAt">When it was last written.</param>
public sealed record IngestStatus(
    string Ref,
    long Offset,
    long Total,
    Digest Expected,
    DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt);
