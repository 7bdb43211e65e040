namespace Gantry.Core.Content;

/// <summary>How far an ingest has come.</summary>
/// <param name="Offset">How many bytes it has.</param>
/// <param name="UpdatedAt">When it was last written.</param>
public readonly record struct BlobIngestState(long Offset, DateTimeOffset UpdatedAt);
