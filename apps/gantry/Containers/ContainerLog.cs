using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core.Errors;
using Gantry.Core.Plugins;

namespace Gantry.Cli.Containers;

/// <summary>
/// Where the output of a container in the background goes if nothing else is said: to a file of lines that the daemon says
/// the place of. Another daemon says none; output goes nowhere then, as it does with <c>ctr</c>.
/// </summary>
internal static class ContainerLog
{
    public const string LineScheme = "logfile://";
    private const string FileScheme = "file://";

    /// <summary>The URI for a new container, or null.</summary>
    public static async Task<string?> DefaultUriAsync(Session session, string id) =>
        await DefaultPathAsync(session, id) is { } path ? LineScheme + path : null;

    /// <summary>The file of a container's output.</summary>
    /// <returns>Its path, and whether it has the times and names of streams in it.</returns>
    /// <exception cref="GantryException">There is none that can be read.</exception>
    public static async Task<(string Path, bool Lines)> FindAsync(Session session, string id)
    {
        string name = await OutputOfTaskAsync(session, id);
        if (name.StartsWith(LineScheme, StringComparison.Ordinal))
        {
            return (PathOf(name, LineScheme), true);
        }

        if (name.StartsWith(FileScheme, StringComparison.Ordinal))
        {
            return (PathOf(name, FileScheme), false);
        }

        if (name.Length == 0 && await DefaultPathAsync(session, id) is { } path && File.Exists(path))
        {
            return (path, true);
        }

        throw new GantryException(
            ErrorKind.NotFound,
            name.Length == 0
                ? $"container \"{id}\": its output is not kept"
                : $"container \"{id}\": its output goes to {name}, and is not kept");
    }

    private static async Task<string> OutputOfTaskAsync(Session session, string id)
    {
        try
        {
            ProcessState state = await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
            return state.Stdout.Length > 0 ? state.Stdout : state.Stderr;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has no task any more. A container that is not there either is another thing.
            await session.Scope.Containers.GetAsync(id, session.Token);
            return "";
        }
    }

    private static async Task<string?> DefaultPathAsync(Session session, string id)
    {
        IReadOnlyList<PluginInfo> plugins = await session.Client.PluginsAsync(
            ["type==io.containerd.runtime.v2,id==task"], session.Token);
        return plugins.Count > 0 && plugins[0].Exports.TryGetValue("log-root", out string? root)
            ? Path.Combine(root, session.Namespace.ToString(), id, "log")
            : null;
    }

    private static string PathOf(string name, string scheme)
    {
        int question = name.IndexOf('?', StringComparison.Ordinal);
        return Uri.UnescapeDataString(question < 0 ? name[scheme.Length..] : name[scheme.Length..question]);
    }
}
