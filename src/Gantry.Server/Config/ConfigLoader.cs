using Gantry.Core.Errors;

namespace Gantry.Server.Config;

/// <summary>Reads config.toml, of versions 1 to 4, with containerd's names.</summary>
public static class ConfigLoader
{
    /// <summary>The table of this daemon's own keys.</summary>
    public const string OwnTable = "io.containerd.internal.v1.gantry";

    private const int MaxImports = 100;
    private const string ReplacedProxies = "proxy_plugins";
    private const string ReplacedProcessors = "stream_processors";

    /// <summary>Reads a file and all that it imports.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defaults">What holds for keys that the file does not have.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't be understood; NotFound: there is none.</exception>
    public static DaemonConfig Load(string path, DaemonConfig defaults) => Apply(ReadAll(path), defaults);

    /// <summary>
    /// Reads what an operator has put at the usual place: the file, if there is one, and what the defaults import unless the file
    /// says what to import.
    /// </summary>
    /// <param name="path">The file, which may be missing.</param>
    /// <param name="defaults">What holds for keys that no file has.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't be understood.</exception>
    public static DaemonConfig LoadUsual(string path, DaemonConfig defaults) => Apply(ReadUsual(path, defaults), defaults);

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="defaults">What holds for keys that the text does not have.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't be understood.</exception>
    public static DaemonConfig Parse(string text, string name, DaemonConfig defaults) =>
        Apply([ConfigFile.Parse(text, name)], defaults);

    /// <summary>A file as the newest version has it. Comments are lost; what it imports is left to itself.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GantryException">It can't be read or understood.</exception>
    public static string Migrate(string path) => TomlText.Write(ConfigFile.Read(path, null).Root, _ => null);

    /// <summary>A file and all that it imports, in the order in which they count.</summary>
    internal static IReadOnlyList<ConfigFile> ReadAll(string path) => Follow([ConfigFile.Read(path, null)], path);

    /// <summary>The files at the usual place, which may be none.</summary>
    internal static IReadOnlyList<ConfigFile> ReadUsual(string path, DaemonConfig defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        IReadOnlyList<ConfigFile> files = File.Exists(path) ? ReadAll(path) : [];
        if (files.Count > 0 && files[0].Root.Find("imports") is not null)
        {
            return files;
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        IEnumerable<string> usual = defaults.Imports.SelectMany(import => ConfigFile.Expand(import, directory, importer: null));
        return Follow([.. files, .. usual.Select(file => ConfigFile.Read(file, null))], path);
    }

    /// <summary>What a configuration is with the values of some files.</summary>
    internal static DaemonConfig Apply(IReadOnlyList<ConfigFile> files, DaemonConfig defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        ConfigNode merged = new();
        foreach (ConfigFile file in files)
        {
            Merge(merged, file.Root, depth: 0);
        }

        DaemonConfig config = defaults with { Deprecations = [.. defaults.Deprecations, .. Old(files)] };
        foreach (ConfigKey key in ConfigKeys.All)
        {
            if (merged.Find(key.TablePath)?.Find(key.Name) is { } node)
            {
                config = key.Read(config, node);
            }
        }

        return config with { UnknownKeys = [.. ConfigCheck.Unknown(merged).Select(unknown => unknown.Node.Origin.ToString())] };
    }

    private static List<ConfigFile> Follow(List<ConfigFile> files, string path)
    {
        HashSet<string> read = new(files.Select(file => Path.GetFullPath(file.Path)), StringComparer.Ordinal);
        for (int i = 0; i < files.Count; i++)
        {
            // What was read already is not read again: files may import each other.
            foreach ((string file, ConfigOrigin importer) in files[i].Imports())
            {
                if (read.Add(file))
                {
                    files.Add(ConfigFile.Read(file, importer));
                }

                if (files.Count > MaxImports)
                {
                    throw new GantryException(ErrorKind.InvalidArgument, $"config {path} imports more than {MaxImports} files");
                }
            }
        }

        return files;
    }

    // Tables merge key by key, those of free names table by table; arrays join; anything else is replaced by what comes later.
    private static void Merge(ConfigNode target, ConfigNode source, int depth)
    {
        foreach ((string key, ConfigNode node) in source.Entries)
        {
            bool whole = depth == 1 && source.Origin.Path is ReplacedProxies or ReplacedProcessors;
            if (!target.Entries.TryGetValue(key, out ConfigNode? before) || whole)
            {
                target.Entries[key] = node;
            }
            else if (before.IsTable && node.IsTable)
            {
                Merge(before, node, depth + 1);
            }
            else if (before.Value is List<ConfigNode> items && node.Value is List<ConfigNode> more)
            {
                items.AddRange(more.Where(item => !items.Exists(known => Equals(known.Value, item.Value))));
            }
            else
            {
                target.Entries[key] = node;
            }
        }
    }

    private static IEnumerable<Deprecation> Old(IReadOnlyList<ConfigFile> files)
    {
        if (files.FirstOrDefault(file => file.Version == 1) is { } first)
        {
            yield return new Deprecation(
                "gantry.deprecation/config-version-1",
                $"config {first.Path} is of version 1 or tells none; `gantryd -c {first.Path} config migrate` prints it in version "
                + $"{DaemonConfig.NewestVersion}");
        }

        if (files.FirstOrDefault(file => file.Root.Find("plugin_dir")?.Value is string { Length: > 0 }) is { } second)
        {
            yield return new Deprecation(
                "io.containerd.deprecation/go-plugin-library",
                $"config {second.Path} has a plugin_dir; plug-ins that are Go libraries are not loaded, use proxy_plugins");
        }
    }
}
