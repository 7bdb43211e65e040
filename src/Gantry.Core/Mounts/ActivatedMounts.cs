namespace Gantry.Core.Mounts;

/// <summary>Mounts, after the first of them have been made.</summary>
/// <param name="Active">Those that were made, in order.</param>
/// <param name="System">Those that the caller makes itself, in order, with everything filled in.</param>
public sealed record ActivatedMounts(IReadOnlyList<ActiveMount> Active, IReadOnlyList<Mount> System);
