using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Server.Logging;
using Gantry.Server.Proxies;
using Microsoft.Extensions.Logging;

namespace Gantry.Server;

/// <summary>
/// Where the daemon keeps blobs: in its root, or with a proxy when the built-in store is disabled. There is exactly one
/// such place. A file beside the database says when it is a proxy, for who looks at the root without the configuration.
/// </summary>
internal static class ContentSource
{
    /// <summary>The type of the plug-in.</summary>
    public const string PluginType = "io.containerd.content.v1";

    private const string BuiltIn = "content";
    private const string MarkDirectory = "io.containerd.metadata.v1.bolt";
    private const string MarkName = "content-proxy";

    /// <summary>Opens the proxy; null when the daemon keeps blobs itself.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="GantryException">FailedPrecondition: there is no such place, or more than one.</exception>
    public static ProxyBlobStore? Open(DaemonConfig config, TimeProvider time)
    {
        List<ProxyPluginConfig> proxies =
            [.. config.ProxyPlugins.Where(proxy => proxy.Type == "content" && !config.IsDisabled(PluginType, proxy.Name))];
        List<string> places = [.. proxies.Select(proxy => proxy.Name)];
        if (!config.IsDisabled(PluginType, BuiltIn))
        {
            places.Insert(0, BuiltIn);
        }

        if (places.Count != 1)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                places.Count == 0
                    ? $"config: {PluginType}.{BuiltIn} is disabled, and no proxy plug-in of type content takes its place"
                    : $"config: more than one content store ({string.Join(", ", places)}): disable all but one, "
                        + $"such as the built-in one by disabled_plugins = [\"{PluginType}.{BuiltIn}\"]");
        }

        return proxies.Count == 0 ? null : new ProxyBlobStore(proxies[0], config.ProxyTimeout, time);
    }

    /// <summary>Notes in the root which place a daemon works with.</summary>
    public static void Mark(string root, ProxyBlobStore? proxy, ILogger logger)
    {
        string path = Path.Combine(root, MarkDirectory, MarkName);
        if (proxy is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"{proxy.Config.Name} {proxy.Config.Address}\n");
        }
        else if (File.Exists(path))
        {
            ServerLog.ContentProxyLeft(logger, File.ReadAllText(path).Trim());
            File.Delete(path);
        }
    }

    /// <summary>Sees to it that who looks at a root knows of the proxy that has its content.</summary>
    /// <exception cref="GantryException">FailedPrecondition: it does not.</exception>
    public static void RequireKnown(string root, ProxyBlobStore? proxy)
    {
        string path = Path.Combine(root, MarkDirectory, MarkName);
        if (proxy is null && File.Exists(path))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"root {root}: its content is with the proxy {File.ReadAllText(path).Trim()}; give the daemon's configuration with -c");
        }
    }

    /// <summary>Sees to it that a root has its content itself.</summary>
    /// <exception cref="GantryException">NotImplemented: it does not.</exception>
    public static void RequireOwn(string root)
    {
        string path = Path.Combine(root, MarkDirectory, MarkName);
        if (File.Exists(path))
        {
            throw new GantryException(
                ErrorKind.NotImplemented,
                $"root {root}: its content is with the proxy {File.ReadAllText(path).Trim()}, which does not say what was of "
                    + "which namespace: only content in the root itself can be recorded anew; restore a backup");
        }
    }
}
