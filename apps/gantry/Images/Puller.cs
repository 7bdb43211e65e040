using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Plugins;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Images;

/// <summary>Has images pulled by the daemon, or pulls them through its stores, and shows how it goes.</summary>
internal static class Puller
{
    /// <summary>Pulls and unpacks an image.</summary>
    /// <returns>Its full name.</returns>
    public static async Task<Reference> PullAsync(Session session, string name, ImageRequest request)
    {
        Reference reference = Reference.ParseFamiliar(name);
        await ShowAsync(async progress =>
        {
            if (request.IsLocal
                || !DaemonPull.CanDo(request.Access.Options)
                || !await TryDaemonAsync(session, new DaemonPull(request, reference, progress)))
            {
                await PullHereAsync(session, reference, request, progress);
            }

            return reference;
        });
        return reference;
    }

    /// <summary>The registry client that the options ask for.</summary>
    public static async Task<RegistryClient> OpenRegistryAsync(
        Session session,
        Reference reference,
        ImageRequest request) =>
        new(await request.Access.ForAsync(reference.Host, session.Token));

    /// <summary>Shows how work goes that is made of parts: to people or to a log.</summary>
    public static Task<T> ShowAsync<T>(Func<IProgress<PullProgress>, Task<T>> work) =>
        StandardStreams.ErrorIsTerminal ? LiveProgress.ShowAsync(work) : work(new PlainProgress());

    // False when the daemon is one that does not pull.
    private static async Task<bool> TryDaemonAsync(Session session, DaemonPull pull)
    {
        try
        {
            await pull.PullAsync(session);
            return true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotImplemented)
        {
            return false;
        }
    }

    private static async Task PullHereAsync(
        Session session, Reference reference, ImageRequest request, IProgress<PullProgress> progress)
    {
        using RegistryClient registry = await OpenRegistryAsync(session, reference, request);
        ImagePuller puller = new(
            registry,
            leaseId => session.Client.In(session.Namespace, leaseId),
            scope => ((NamespaceClient)scope).Differ);
        PullRequest pull = new(reference)
        {
            Platform = request.AllPlatforms ? PlatformMatcher.All : request.Platform,
            AllPlatforms = request.AllPlatforms,
            Unpacks =
            [
                new UnpackTarget(request.Snapshotter)
                {
                    Platform = request.AllPlatforms ? request.Platform : null,
                    IsRemote = await IsRemoteAsync(session, request.Snapshotter),
                },
            ],
        };
        await puller.PullAsync(pull, progress, session.Token);
    }

    /// <summary>Whether a snapshotter says that it wants to be told where layers are.</summary>
    private static async Task<bool> IsRemoteAsync(Session session, string snapshotter)
    {
        if (snapshotter is "overlayfs")
        {
            return false;
        }

        IReadOnlyList<PluginInfo> plugins =
            await session.Client.PluginsAsync(["type==io.containerd.snapshotter.v1"], session.Token);
        return plugins.Any(plugin => plugin.Id == snapshotter
            && plugin.Exports.GetValueOrDefault("enable_remote_snapshot_annotations") is "true");
    }
}
