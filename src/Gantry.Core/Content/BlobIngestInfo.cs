using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>What is known of an ingest when it is opened.</summary>
/// <param name="Name">Its name below the metadata.</param>
/// <param name="Total">The size it is to have; 0 when not known.</param>
/// <param name="Expected">The digest it is to have, for its algorithm; empty when not known.</param>
/// <param name="StartedAt">When it was begun.</param>
public sealed record BlobIngestInfo(string Name, long Total, Digest Expected, DateTimeOffset StartedAt);
