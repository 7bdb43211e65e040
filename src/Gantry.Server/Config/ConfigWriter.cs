namespace Gantry.Server.Config;

/// <summary>Writes a configuration as config.toml has it.</summary>
public static class ConfigWriter
{
    /// <summary>The text of a config.toml of the newest version that says the same.</summary>
    /// <param name="config">The configuration.</param>
    public static string Write(DaemonConfig config) => TomlText.Write(Tree(config), _ => null);

    /// <summary>The same text with what each key does above it.</summary>
    /// <param name="config">The configuration.</param>
    public static string WriteCommented(DaemonConfig config)
    {
        Dictionary<string, string> effects = ConfigKeys.All.ToDictionary(key => key.Path, key => key.Effect, StringComparer.Ordinal);
        return TomlText.Write(Tree(config), effects.GetValueOrDefault);
    }

    private static ConfigNode Tree(DaemonConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ConfigNode root = new();
        root.Entries["version"] = ConfigNode.Of((long)DaemonConfig.NewestVersion);
        foreach (ConfigKey key in ConfigKeys.All.Where(key => !key.Inert))
        {
            root.Table(key.TablePath, ConfigOrigin.None).Entries[key.Name] = key.Get(config);
        }

        return root;
    }
}
