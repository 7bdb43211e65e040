using Gantry.Distribution.Hosts;
using Gantry.Oci.Image;

namespace Gantry.Distribution.Resolve;

/// <summary>What became of asking one host for a name.</summary>
/// <param name="Url">Where its API is.</param>
/// <param name="Config">What is said of it, and where.</param>
public sealed record HostExplanation(Uri Url, HostConfig Config)
{
    /// <summary>The host of the name, which it is told if it is a mirror of that; null otherwise.</summary>
    public string? MirrorOf { get; init; }

    /// <summary>Whether it may be asked.</summary>
    public bool Asked { get; init; }

    /// <summary>Each request and its answer, and what happened between them.</summary>
    public IReadOnlyList<string> Exchanges { get; init; } = [];

    /// <summary>What the name stands for there; null if it does not say.</summary>
    public Descriptor? Found { get; init; }

    /// <summary>Why it does not say; empty if it does, or was not asked.</summary>
    public string Error { get; init; } = "";
}
