namespace Gantry.Storage.Bolt;

/// <summary>A key of a bucket with what it leads to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value; empty when it is a bucket.</param>
/// <param name="Bucket">The bucket that it is; null when it is a value.</param>
public sealed record BoltEntry(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, BoltBucket? Bucket);
