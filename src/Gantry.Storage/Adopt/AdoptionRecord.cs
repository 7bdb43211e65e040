namespace Gantry.Storage.Adopt;

/// <summary>What the metadata remembers of having been taken over.</summary>
/// <param name="Path">containerd's database.</param>
/// <param name="SchemaVersion">The version of its schema.</param>
/// <param name="TransactionId">The last transaction that was committed to it then.</param>
/// <param name="AdoptedAt">When it was.</param>
public sealed record AdoptionRecord(string Path, int SchemaVersion, long TransactionId, DateTimeOffset AdoptedAt);
