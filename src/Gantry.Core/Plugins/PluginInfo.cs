using Gantry.Oci.Image;

namespace Gantry.Core.Plugins;

/// <summary>A part of the daemon, as introspection shows it.</summary>
/// <param name="Type">Such as <c>io.containerd.snapshotter.v1</c>.</param>
/// <param name="Id">Such as <c>overlayfs</c>.</param>
public sealed record PluginInfo(string Type, string Id)
{
    /// <summary>Types, or types and ids, of parts that it needs.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Platforms that it serves.</summary>
    public IReadOnlyList<Platform> Platforms { get; init; } = [];

    /// <summary>Facts that clients may use, such as <c>root</c>.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>What it can do, such as <c>rebase</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Why it did not start; null when it did. A part that the machine can't have says <c>skip plugin</c>.</summary>
    public string? InitError { get; init; }
}
