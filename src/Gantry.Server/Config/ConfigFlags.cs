namespace Gantry.Server.Config;

/// <summary>The flags of the command line that go before keys of the config file, and are read as those are.</summary>
public static class ConfigFlags
{
    /// <summary>The flag of the API's socket.</summary>
    public const string Address = "address";

    /// <summary>A configuration with the value of a flag.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="flag">The flag, without its dashes.</param>
    /// <param name="value">What was given.</param>
    /// <exception cref="Core.Errors.GantryException">InvalidArgument: the value makes no sense.</exception>
    public static DaemonConfig Apply(DaemonConfig config, string flag, string value)
    {
        (string table, string name) = flag switch
        {
            "root" => (ConfigKeys.Top, "root"),
            "state" => (ConfigKeys.Top, "state"),
            Address => (ConfigKeys.Grpc, "address"),
            "log-level" => (ConfigKeys.Debug, "level"),
            "log-format" => (ConfigKeys.Debug, "format"),
            "log-to" => (ConfigLoader.OwnTable, "log_to"),
            _ => throw new ArgumentException($"no key for --{flag}", nameof(flag)),
        };
        ConfigKey key = ConfigKeys.All.First(key => key.Table == table && key.Name == name);
        return key.Read(config, new ConfigNode(value, new ConfigOrigin("", 0, $"--{flag}")));
    }
}
