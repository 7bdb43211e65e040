namespace Gantry.Archive.Diff;

/// <summary>The directories of an overlay that has an upper one.</summary>
/// <param name="UpperDirectory">Where the changes are.</param>
/// <param name="LowerDirectories">What they change, the nearest first.</param>
/// <param name="UserXattr">The overlay's own attributes begin with <c>user.</c>, not <c>trusted.</c>.</param>
public sealed record OverlayUpper(string UpperDirectory, IReadOnlyList<string> LowerDirectories, bool UserXattr);
