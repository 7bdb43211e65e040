using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Core.Images;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;

namespace Gantry.Cli.Images;

/// <summary>Pulls images through the daemon's stores, and shows how it goes.</summary>
internal static class Puller
{
    /// <summary>Pulls and unpacks an image.</summary>
    public static async Task<ImageRecord> PullAsync(Session session, string name, ImageRequest request)
    {
        Reference reference = Reference.ParseFamiliar(name);
        using RegistryClient registry = new(new RegistryOptions
        {
            PlainHttp = request.PlainHttp,
            SkipVerify = request.SkipVerify,
            CaFiles = request.CaFiles,
        });
        ImagePuller puller = new(
            registry,
            leaseId => session.Client.In(session.Namespace, leaseId),
            scope => ((NamespaceClient)scope).Differ);
        PullRequest pull = new(reference) { Platform = request.Platform, Snapshotter = request.Snapshotter };

        if (StandardStreams.ErrorIsTerminal)
        {
            return await LiveProgress.ShowAsync(
                progress => PullAsync(puller, pull, progress, session.Token));
        }

        return await PullAsync(puller, pull, new PlainProgress(), session.Token);
    }

    private static async Task<ImageRecord> PullAsync(
        ImagePuller puller,
        PullRequest request,
        IProgress<PullProgress> progress,
        CancellationToken cancellationToken) =>
        (await puller.PullAsync(request, progress, cancellationToken)).Image;
}
