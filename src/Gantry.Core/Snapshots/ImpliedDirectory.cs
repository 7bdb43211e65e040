namespace Gantry.Core.Snapshots;

/// <summary>A directory that a layer has files in and did not mention before them.</summary>
/// <param name="Path">Where it really is below the root of the layer.</param>
/// <param name="IsReplaced">The layer has mentioned it after all, and given it attributes of its own.</param>
public sealed record ImpliedDirectory(byte[] Path, bool IsReplaced);
