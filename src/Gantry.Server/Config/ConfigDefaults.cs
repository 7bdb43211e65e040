namespace Gantry.Server.Config;

/// <summary>Where things are when nobody says otherwise.</summary>
public static class ConfigDefaults
{
    /// <summary>The defaults.</summary>
    /// <param name="asContainerd">Stand in for containerd: use its places.</param>
    public static DaemonConfig For(bool asContainerd)
    {
        string name = asContainerd ? "containerd" : "gantry";
        return new DaemonConfig
        {
            Root = $"/var/lib/{name}",
            State = $"/run/{name}",
            Grpc = new SocketConfig { Address = $"/run/{name}/{name}.sock" },
            Imports = [$"/etc/{name}/conf.d/*.toml"],
        };
    }

    /// <summary>Where the config file is looked for.</summary>
    /// <param name="asContainerd">Stand in for containerd: use its places.</param>
    public static string FilePath(bool asContainerd) =>
        asContainerd ? "/etc/containerd/config.toml" : "/etc/gantry/config.toml";
}
