using Gantry.Core.Errors;

namespace Gantry.Server.Config;

/// <summary>One config file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Version">The version that it was written for.</param>
/// <param name="Root">What it says, in the places of the newest version.</param>
internal sealed record ConfigFile(string Path, int Version, ConfigNode Root)
{
    private const int MaxSize = 4 << 20;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="importer">What asks for it; null for the one who started the daemon.</param>
    /// <exception cref="GantryException">NotFound: there is none; InvalidArgument: it can't be read or understood.</exception>
    public static ConfigFile Read(string path, ConfigOrigin? importer)
    {
        string subject = Subject(path, importer);
        try
        {
            FileInfo file = new(path);
            if (!file.Exists && !Directory.Exists(path))
            {
                throw new GantryException(ErrorKind.NotFound, subject);
            }

            if (file.Exists && file.Length > MaxSize)
            {
                throw new GantryException(ErrorKind.InvalidArgument, $"{subject} is larger than {MaxSize} bytes");
            }

            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            throw Unreadable(path, importer, exception);
        }
    }

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">What to call it in errors.</param>
    public static ConfigFile Parse(string text, string path)
    {
        ConfigNode root = ConfigText.Parse(text, path);
        int version = VersionOf(root);
        ConfigMigration.Apply(root, version);
        foreach (string list in (ReadOnlySpan<string>)["disabled_plugins", "required_plugins"])
        {
            CheckNames(root.Find(list), version);
        }

        return new ConfigFile(path, version, root);
    }

    /// <summary>The files that it imports, each with the line that does.</summary>
    public IEnumerable<(string Path, ConfigOrigin Importer)> Imports()
    {
        string directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        foreach (ConfigNode import in Root.Find("imports")?.Items ?? [])
        {
            foreach (string file in Expand(import.Text(), directory, import.Origin))
            {
                yield return (file, import.Origin);
            }
        }
    }

    /// <summary>The files that an import stands for.</summary>
    /// <param name="import">A path or a pattern.</param>
    /// <param name="directory">What it is relative to.</param>
    /// <param name="importer">What asks for it; null for the one who started the daemon.</param>
    /// <exception cref="GantryException">InvalidArgument: it is no path, or a directory can't be read.</exception>
    public static IReadOnlyList<string> Expand(string import, string directory, ConfigOrigin? importer)
    {
        try
        {
            string full = System.IO.Path.GetFullPath(import, directory);
            return GlobPattern.IsPattern(full) ? [.. GlobPattern.Files(full)] : [full];
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            throw Unreadable(import, importer, exception);
        }
    }

    private static string Subject(string path, ConfigOrigin? importer) =>
        importer is null ? $"config {path}" : $"config {importer}: {path}";

    // A path with a NUL in it is an argument that makes no sense.
    private static bool IsRefusal(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentException;

    private static GantryException Unreadable(string path, ConfigOrigin? importer, Exception exception) =>
        new(ErrorKind.InvalidArgument, $"{Subject(path, importer)} can't be read: {exception.Message}", exception);

    // A file that does not tell its version is of the first.
    private static int VersionOf(ConfigNode root)
    {
        if (root.Find("version") is not { } node)
        {
            return 1;
        }

        int version = node.Number(0, int.MaxValue);
        return version <= DaemonConfig.NewestVersion ? Math.Max(version, 1) : throw new GantryException(
            ErrorKind.InvalidArgument,
            $"config {node.Origin}: version {version} is not supported, expected 1 to {DaemonConfig.NewestVersion}");
    }

    private static void CheckNames(ConfigNode? names, int version)
    {
        if (version == 1)
        {
            return;
        }

        foreach (ConfigNode name in names?.Items ?? [])
        {
            if (!name.Text().StartsWith("io.containerd.", StringComparison.Ordinal) || name.Text().Count(c => c == '.') < 3)
            {
                throw name.Wrong($"names as io.containerd.TYPE.vN.ID, and not \"{name.Text()}\"");
            }
        }
    }
}
