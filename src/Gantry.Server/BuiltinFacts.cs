using Gantry.Core.Snapshots;
using Gantry.Server.Config;

namespace Gantry.Server;

/// <summary>What clients are told of the parts of this daemon.</summary>
/// <param name="ContentRoot">Where blobs are.</param>
/// <param name="DatabasePath">Where the metadata is.</param>
/// <param name="SharingPolicy"><c>shared</c> or <c>isolated</c>.</param>
/// <param name="LogRoot">Where the output of containers is kept.</param>
/// <param name="Snapshotters">The snapshotters that work here.</param>
/// <param name="SkippedSnapshotters">Those that don't, and why.</param>
internal sealed record BuiltinFacts(
    string ContentRoot,
    string DatabasePath,
    string SharingPolicy,
    string LogRoot,
    IReadOnlyList<ISnapshotDriver> Snapshotters,
    IReadOnlyList<(string Name, string Reason)> SkippedSnapshotters)
{
    /// <summary>The proxy that keeps the content; null when the daemon does.</summary>
    public ProxyPluginConfig? ContentProxy { get; init; }

    /// <summary>The servers, each with its address.</summary>
    public IReadOnlyList<(string Id, string Address)> Servers { get; init; } = [];

    /// <summary>The proxies that make and apply layers.</summary>
    public IReadOnlyList<ProxyPluginConfig> DiffProxies { get; init; } = [];
}
