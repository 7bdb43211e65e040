namespace Gantry.Server.Config;

/// <summary>Finds what config files say to nobody.</summary>
public static class ConfigCheck
{
    /// <summary>Looks at a file and all that it imports.</summary>
    /// <param name="path">The file; null for the usual one.</param>
    /// <param name="usual">Where the usual one is.</param>
    /// <param name="defaults">What holds for keys that the file does not have.</param>
    /// <returns>A line for each finding, and whether any of them is a mistake.</returns>
    /// <exception cref="Core.Errors.GantryException">A file can't be read or understood.</exception>
    public static (IReadOnlyList<string> Lines, bool Mistaken) Run(string? path, string usual, DaemonConfig defaults)
    {
        IReadOnlyList<ConfigFile> files = path is null ? ConfigLoader.ReadUsual(usual, defaults) : ConfigLoader.ReadAll(path);
        List<string> mistakes = [.. files.SelectMany(file => Unknown(file.Root)).Select(Describe)];
        List<string> absent = [.. files.SelectMany(file => Absent(file.Root))];
        DaemonConfig config = ConfigLoader.Apply(files, defaults);
        return (
        [
            .. mistakes,
            .. config.Warnings,
            .. config.InertKeys,
            .. config.Deprecations.Select(deprecation => deprecation.Message),
            .. absent,
            .. files.Select(file => $"{file.Path}: read as version {file.Version}"),
        ],
            mistakes.Count > 0);
    }

    /// <summary>The keys that nothing reads.</summary>
    /// <param name="root">What a file says, in the places of the newest version.</param>
    internal static IEnumerable<UnknownKey> Unknown(ConfigNode root)
    {
        foreach ((string name, ConfigNode node) in root.Entries)
        {
            if (name is "version")
            {
                continue;
            }

            if (name is "plugins" && node.IsTable)
            {
                foreach (UnknownKey unknown in node.Entries.SelectMany(plugin => InTable(plugin.Key, plugin.Value, PluginNames)))
                {
                    yield return unknown;
                }
            }
            else
            {
                foreach (UnknownKey unknown in Find("", name) is { } key ? Inside(key, node) : InTable(name, node, TopNames))
                {
                    yield return unknown;
                }
            }
        }
    }

    private static string Describe(UnknownKey unknown)
    {
        string name = LastName(unknown.Node.Origin.Path);
        string nearest = unknown.Known.MinBy(known => Distance(name, known)) ?? "";
        string hint = nearest.Length > 0 && Distance(name, nearest) <= Math.Max(2, name.Length / 3)
            ? $"; did you mean {ConfigPath.Quote(nearest)}?"
            : "";
        return $"{unknown.Node.Origin.Place}: unknown key {unknown.Node.Origin.Path}{hint}";
    }

    private static IReadOnlyCollection<string> TopNames =>
    [
        .. ConfigKeys.All.Where(key => key.Table.Length == 0).Select(key => key.Name),
        .. ConfigKeys.All.Where(key => key.TablePath.Length == 1).Select(key => key.Table),
        .. ConfigMigration.OldNames,
        "version",
        "plugins",
    ];

    private static IReadOnlyCollection<string> PluginNames =>
    [
        .. ConfigKeys.All.Where(key => key.TablePath.Length == 2).Select(key => key.Table),
        .. ConfigKeys.AbsentPlugins,
        .. ConfigMigration.OldNames,
    ];

    private static IEnumerable<UnknownKey> InTable(string table, ConfigNode node, IReadOnlyCollection<string> tables)
    {
        if (ConfigKeys.AbsentPlugins.Contains(table, StringComparer.Ordinal))
        {
            return [];
        }

        ConfigKey[] keys = [.. ConfigKeys.All.Where(key => key.Table == table)];
        if (keys.Length == 0 || !node.IsTable)
        {
            return [new UnknownKey(node, tables)];
        }

        string[] names = [.. keys.Select(key => key.Name)];
        return node.Entries.SelectMany(entry => Find(table, entry.Key) is { } key
            ? Inside(key, entry.Value)
            : [new UnknownKey(entry.Value, names)]);
    }

    private static IEnumerable<UnknownKey> Inside(ConfigKey key, ConfigNode node)
    {
        string[] fields = [.. key.Fields.Select(field => field.Name)];
        return fields.Length == 0 || !node.IsTable
            ? []
            : node.Entries.Values.Where(table => table.IsTable)
                .SelectMany(table => table.Entries)
                .Where(entry => !fields.Contains(entry.Key, StringComparer.Ordinal))
                .Select(entry => new UnknownKey(entry.Value, fields));
    }

    private static IEnumerable<string> Absent(ConfigNode root) =>
        root.Find("plugins") is { IsTable: true } plugins
            ? plugins.Entries.Where(plugin => plugin.Value.Origin.Line > 0)
                .Where(plugin => ConfigKeys.AbsentPlugins.Contains(plugin.Key, StringComparer.Ordinal))
                .Select(plugin => plugin.Value.Origin)
                .Select(table => $"{table.Place}: plug-in {LastName(table.Path)} is not part of Gantry: its table has no effect")
                .Distinct(StringComparer.Ordinal)
            : [];

    private static ConfigKey? Find(string table, string name) =>
        ConfigKeys.All.FirstOrDefault(key => key.Table == table && key.Name == name);

    private static string LastName(string path)
    {
        if (!path.EndsWith('"'))
        {
            return path[(path.LastIndexOf('.') + 1)..];
        }

        int start = path.LastIndexOf('"', path.Length - 2);
        return path[(start + 1)..^1];
    }

    /// <summary>How many letters must be changed, put in or taken out (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
