using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Namespaces;
using Gantry.Core.Plugins;
using Gantry.Core.Snapshots;

namespace Gantry.Cli.Completion;

/// <summary>Names that a word may become, asked of the daemon; where there is none, or none that answers soon, no names.</summary>
internal static class KnownNames
{
    private const string SnapshotterType = "io.containerd.snapshotter.v1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What an argument takes, told by what it is called.</summary>
    public static NameKind Of(Argument argument, Command command) => argument.Name switch
    {
        "container" => NameKind.Container,
        "image" => command.Name is "pull" or "explain" ? NameKind.None : NameKind.Image,
        "source" => NameKind.Image,
        "key" or "parent" => NameKind.Snapshot,
        "name" when command.Name is "inspect" => NameKind.ContainerOrImage,
        "name" when command.Name is "rm" && command.Parents.Any(parent => parent.Name == "namespaces") => NameKind.Namespace,
        "file" => NameKind.File,
        "dir" or "directory" or "root" => NameKind.Directory,
        _ => NameKind.None,
    };

    /// <summary>What the value of an option is.</summary>
    public static NameKind Of(Option option) =>
        option == GlobalOptions.Namespace ? NameKind.Namespace
        : option.Name switch
        {
            "--snapshotter" => NameKind.Snapshotter,
            _ => option.HelpName switch
            {
                "file" or "path" => NameKind.File,
                "dir" => NameKind.Directory,
                "program" => NameKind.Program,
                "signal" => NameKind.Signal,
                _ => NameKind.None,
            },
        };

    /// <summary>The names of a kind, each with what it is.</summary>
    public static async Task<IReadOnlyList<(string Name, string Meaning)>> AskAsync(NameKind kind, TypedLine typed)
    {
        if (kind is NameKind.Signal)
        {
            return [.. SignalNames.All.Select(name => (name, ""))];
        }

        using CancellationTokenSource limit = new(Patience);
        try
        {
            ParseResult defaults = new RootCommand { GlobalOptions.Address, GlobalOptions.Namespace }.Parse([]);
            await using GantryClient client = new(new GantryClientOptions
            {
                SocketPath = typed.ValueOf(GlobalOptions.Address) ?? defaults.GetValue(GlobalOptions.Address)!,
                ConnectTimeout = Patience,
            });
            NamespaceClient scope = client.In(Namespace.Parse(
                typed.ValueOf(GlobalOptions.Namespace) ?? defaults.GetValue(GlobalOptions.Namespace)!));
            return kind switch
            {
                NameKind.Container => await ContainersAsync(scope, limit.Token),
                NameKind.Image => await ImagesAsync(scope, limit.Token),
                NameKind.ContainerOrImage =>
                    [.. await ContainersAsync(scope, limit.Token), .. await ImagesAsync(scope, limit.Token)],
                NameKind.Snapshot => await SnapshotsAsync(scope, typed, limit.Token),
                NameKind.Namespace => await NamespacesAsync(client, limit.Token),
                NameKind.Snapshotter => await SnapshottersAsync(client, limit.Token),
                _ => [],
            };
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or FormatException)
        {
            // Nobody to ask: the shell offers nothing, and says nothing.
            return [];
        }
    }

    private static async Task<List<(string Name, string Meaning)>> ContainersAsync(NamespaceClient scope, CancellationToken token)
    {
        IReadOnlyList<ContainerRecord> all = await scope.Containers.ListAsync([], token);
        return [.. all.Select(container => (container.Id, container.Image))];
    }

    private static async Task<List<(string Name, string Meaning)>> ImagesAsync(NamespaceClient scope, CancellationToken token)
    {
        IReadOnlyList<ImageRecord> all = await scope.Images.ListAsync([], token);
        return [.. all.Select(image => (image.Name, ""))];
    }

    private static async Task<List<(string Name, string Meaning)>> NamespacesAsync(GantryClient client, CancellationToken token)
    {
        IReadOnlyList<NamespaceInfo> all = await client.Namespaces.ListAsync([], token);
        return [.. all.Select(ns => (ns.Name.ToString(), ""))];
    }

    private static async Task<List<(string Name, string Meaning)>> SnapshottersAsync(
        GantryClient client, CancellationToken token)
    {
        IReadOnlyList<PluginInfo> all = await client.PluginsAsync([$"type=={SnapshotterType}"], token);
        return [.. all.Where(plugin => plugin.InitError is null).Select(plugin => (plugin.Id, ""))];
    }

    private static async Task<List<(string Name, string Meaning)>> SnapshotsAsync(
        NamespaceClient scope, TypedLine typed, CancellationToken token)
    {
        Option? option = typed.Find("--snapshotter");
        string snapshotter = (option is null ? null : typed.ValueOf(option))
            ?? (Environment.GetEnvironmentVariable("CONTAINERD_SNAPSHOTTER") is { Length: > 0 } name ? name : "overlayfs");
        List<(string Name, string Meaning)> names = [];
        await foreach (SnapshotInfo snapshot in scope.Snapshots(snapshotter).ListAsync([], token))
        {
            names.Add((snapshot.Name, snapshot.Kind.ToString().ToLowerInvariant()));
        }

        return names;
    }
}
