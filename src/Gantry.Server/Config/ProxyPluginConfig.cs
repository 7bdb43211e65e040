namespace Gantry.Server.Config;

/// <summary>A table <c>[proxy_plugins.NAME]</c>: a part that another program provides.</summary>
/// <param name="Name">Its name, such as <c>stargz</c>.</param>
/// <param name="Type">What it is: <c>snapshot</c>, <c>content</c> or <c>diff</c>.</param>
/// <param name="Address">The path of its Unix socket.</param>
public sealed record ProxyPluginConfig(string Name, string Type, string Address)
{
    /// <summary>What the part is called there; containerd's proxies are called as here.</summary>
    public string RemoteName { get; init; } = Name;

    /// <summary>What it is for, such as <c>linux/amd64</c>; empty for this machine's.</summary>
    public string Platform { get; init; } = "";

    /// <summary>What clients are told that it can do.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>What clients are told of it.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;
}
