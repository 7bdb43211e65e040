using Gantry.Core.Errors;

namespace Gantry.Server.Config;

/// <summary>Reads the tables <c>[proxy_plugins.NAME]</c>.</summary>
internal static class ProxyPluginTables
{
    private const int MaxPlugins = 64;

    /// <summary>Reads all of them.</summary>
    /// <param name="tables">The table <c>proxy_plugins</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: one lacks type or address, or is of a type that there is not.</exception>
    public static IReadOnlyList<ProxyPluginConfig> Read(ConfigTable tables)
    {
        string[] names = [.. tables.Keys];
        if (names.Length > MaxPlugins)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"config: more than {MaxPlugins} proxy plugins");
        }

        return [.. names.Select(name => Read(name, tables.Table(name)))];
    }

    private static ProxyPluginConfig Read(string name, ConfigTable table)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"config key proxy_plugins: no name \"{name}\"");
        }

        string type = ShortType(table.NonEmpty("type") ?? throw Missing(name, "type"));
        string address = table.NonEmpty("address") ?? throw Missing(name, "address");
        if (type is not ("snapshot" or "content" or "diff" or "sandbox"))
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"config key proxy_plugins.{name}.type: no type \"{type}\"");
        }

        ConfigTable exports = table.Table("exports");
        return new ProxyPluginConfig(name, type, address)
        {
            RemoteName = table.NonEmpty("remote_name") ?? name,
            Platform = table.Text("platform") ?? "",
            Capabilities = table.Texts("capabilities"),
            Exports = exports.Keys.ToDictionary(key => key, key => exports.Text(key) ?? "", StringComparer.Ordinal),
        };
    }

    // A type may be told by the name of the plug-in's type as well.
    private static string ShortType(string type) => type switch
    {
        DaemonConfig.SnapshotterType => "snapshot",
        "io.containerd.content.v1" => "content",
        "io.containerd.differ.v1" => "diff",
        "io.containerd.sandbox.controller.v1" => "sandbox",
        _ => type,
    };

    private static GantryException Missing(string name, string key) =>
        new(ErrorKind.InvalidArgument, $"config key proxy_plugins.{name}.{key} is missing");
}
