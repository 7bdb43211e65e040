using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Metadata;
using Gantry.Distribution;
using Gantry.Distribution.Push;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Push;

/// <summary>Pushes images: from the content store into a registry, byte for byte.</summary>
/// <param name="registry">Where to.</param>
/// <param name="scope">The namespace that has the images.</param>
/// <param name="logger">Where it is told what was pushed; null for nowhere.</param>
public sealed class ImagePusher(RegistryClient registry, INamespaceScope scope, ILogger? logger = null)
{
    private const int MaxParallelUploads = 64;

    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Pushes an image.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>Find out what the image consists of; if a part is missing, nothing is sent.</item>
    /// <item>Send configs and layers that are not there, several at once.</item>
    /// <item>Then manifests by their digests, each after those that it refers to, and the whole under its name.</item>
    /// </list>
    /// Whenever it ends, the registry has either the whole image under the name, or what it had before.
    /// </remarks>
    /// <param name="request">What to push.</param>
    /// <param name="progress">Is told of each part, from many threads; null for nobody.</param>
    /// <param name="cancellationToken">Ends the push; the next one sends only what is missing.</param>
    /// <exception cref="GantryException">
    /// NotFound: no such image, none for the platform, or a part of it is not here; and what the registry says.
    /// </exception>
    public async Task<PushResult> PushAsync(
        PushRequest request,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (request.MaxConcurrentUploads is < 1 or > MaxParallelUploads)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{request.MaxConcurrentUploads} uploads at once: must be from 1 to {MaxParallelUploads}");
        }

        // Step 1
        ImageRecord image = await scope.Images.GetAsync(request.Image, cancellationToken);
        Descriptor target = request.Platform is null
            ? image.Target
            : (await new ImageReader(scope).ReadAsync(image, request.Platform, cancellationToken)).ManifestDescriptor;
        ImageContents contents = await ImageContents.ReadAsync(scope.Content, target, cancellationToken);
        if (contents.Missing.Count > 0)
        {
            throw new GantryException(
                ErrorKind.NotFound,
                $"image \"{image.Name}\": not all of it is here, missing is {MissingPart.Describe(contents.Missing)}: "
                + "pull it for all platforms, or push one platform");
        }

        foreach (Descriptor manifest in contents.Manifests)
        {
            progress?.Report(PullProgress.Opened(manifest, contents.Children[manifest.Digest]));
        }

        // Step 2
        int[] counts = new int[Enum.GetValues<BlobPush>().Length];
        await Parallel.ForEachAsync(
            contents.Blobs.Where(blob => !ImageContents.IsForeign(blob)),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = request.MaxConcurrentUploads,
                CancellationToken = cancellationToken,
            },
            async (blob, token) =>
            {
                BlobPush outcome = await PushBlobAsync(request.Target, blob, progress, token);
                Interlocked.Increment(ref counts[(int)outcome]);
            });

        // Step 3
        Reference repository = Reference.Parse($"{request.Target.Name}@{target.Digest}");
        foreach (Descriptor manifest in contents.Manifests)
        {
            Reference name = manifest.Digest == target.Digest ? request.Target : repository;
            Report(progress, manifest, 0, PullState.Uploading);
            byte[] data = await BlobReader.ReadAsync(
                scope.Content, manifest, OciJson.MaxManifestBytes, cancellationToken);
            bool sent = await registry.PushManifestAsync(name, manifest, data, cancellationToken);
            Report(progress, manifest, manifest.Size, sent ? PullState.Done : PullState.Exists);
        }

        _logger.Pushed(request.Target.ToString(), target.Digest.ToString());
        return new PushResult(
            target, counts[(int)BlobPush.Uploaded], counts[(int)BlobPush.Mounted], counts[(int)BlobPush.Existed]);
    }

    private static void Report(IProgress<PullProgress>? progress, Descriptor descriptor, long offset, PullState state) =>
        progress?.Report(new PullProgress(
            IngestRef.Of(descriptor), descriptor.Digest, offset, descriptor.Size, state));

    private async Task<BlobPush> PushBlobAsync(
        Reference target,
        Descriptor blob,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        Report(progress, blob, 0, PullState.Waiting);
        ContentInfo info = await scope.Content.InfoAsync(blob.Digest, cancellationToken);
        string known = info.Labels.GetValueOrDefault(WellKnownLabels.DistributionSource + target.Host) ?? "";
        long offset = 0;
        BlobPush outcome = await registry.PushBlobAsync(
            target,
            blob,
            async (from, token) =>
            {
                offset = from;
                Stream stream = await scope.Content.OpenReaderAsync(blob.Digest, token);
                stream.Seek(from, SeekOrigin.Begin);
                return stream;
            },
            known.Split(',', StringSplitOptions.RemoveEmptyEntries),
            sent => Report(progress, blob, Interlocked.Add(ref offset, sent), PullState.Uploading),
            cancellationToken);
        Report(progress, blob, blob.Size, outcome == BlobPush.Uploaded ? PullState.Done : PullState.Exists);
        return outcome;
    }
}
