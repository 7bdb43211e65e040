namespace Gantry.Core.Mounts;

/// <summary>Mounts that are active under a name.</summary>
/// <param name="Name">Any text that is not empty.</param>
/// <param name="Active">The mounts that were made, in order.</param>
/// <param name="System">The mounts that the caller makes itself, in order.</param>
/// <param name="Labels">Labels; those of <c>containerd.io/gc.bref.*</c> tell what keeps the activation.</param>
public sealed record Activation(
    string Name,
    IReadOnlyList<ActiveMount> Active,
    IReadOnlyList<Mount> System,
    IReadOnlyDictionary<string, string> Labels);
