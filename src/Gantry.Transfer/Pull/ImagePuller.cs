using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Pull;

/// <summary>
/// Pulls images: from a registry into the content store and, if asked, on into snapshots. It works on the contracts of
/// Core alone, so it runs in the daemon as well as in a client on proxies.
/// </summary>
/// <param name="registry">Where from.</param>
/// <param name="scopes">The namespace to pull into, under a lease (by its id) or under none (null).</param>
/// <param name="unpacker">Makes snapshots of layers.</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what was pulled; null for nowhere.</param>
public sealed class ImagePuller(
    RegistryClient registry,
    Func<string?, INamespaceScope> scopes,
    Unpacker unpacker,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private const int MaxParallelDownloads = 64;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Makes a puller that applies layers with what <paramref name="differs"/> makes.</summary>
    /// <param name="registry">Where from.</param>
    /// <param name="scopes">The namespace to pull into, under a lease (by its id) or under none (null).</param>
    /// <param name="differs">Makes what applies layers, for a namespace under a lease.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="logger">Where it is told what was pulled; null for nowhere.</param>
    public ImagePuller(
        RegistryClient registry,
        Func<string?, INamespaceScope> scopes,
        Func<INamespaceScope, IDiffer> differs,
        TimeProvider? time = null,
        ILogger? logger = null)
        : this(registry, scopes, new Unpacker(differs, time, logger), time, logger)
    {
    }

    /// <summary>Pulls an image.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>Ask the registry what the name stands for.</item>
    /// <item>If the image is here whole, that was all. If not, make a lease of a day, which keeps everything below until the
    /// image record does.</item>
    /// <item>Fetch the index, whole, and of its manifests those for the platform.</item>
    /// <item>Fetch configs and layers, several at once; what is there is not fetched again.</item>
    /// <item>Meanwhile unpack each layer: while it comes, where the content store lets it be read that early.</item>
    /// <item>Make the image record, or point it at the new target.</item>
    /// <item>Drop the lease.</item>
    /// </list>
    /// When it fails or is cancelled there is no image record that was not there before; blobs that are complete, and
    /// ingests, stay until they are collected, so that the next attempt is shorter.
    /// </remarks>
    /// <param name="request">What to pull.</param>
    /// <param name="progress">Is told of each part, from many threads; null for nobody.</param>
    /// <param name="cancellationToken">Ends the pull.</param>
    /// <exception cref="GantryException">
    /// NotFound: no such image, or none for the platform; and what the registry and the stores say.
    /// </exception>
    public async Task<PullResult> PullAsync(
        PullRequest request,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (request.MaxConcurrentDownloads is < 1 or > MaxParallelDownloads)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{request.MaxConcurrentDownloads} downloads at once: must be from 1 to {MaxParallelDownloads}");
        }

        // Step 1
        long started = _time.GetTimestamp();
        string outcome = "failed";
        try
        {
            PullResult result = await PullAsync(request, started, progress, cancellationToken);
            outcome = "success";
            TransferMetrics.Stage("all", _time.GetElapsedTime(started));
            return result;
        }
        finally
        {
            TransferMetrics.Pulls.Add(1, new KeyValuePair<string, object?>("result", outcome));
        }
    }

    private async Task<PullResult> PullAsync(
        PullRequest request,
        long started,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        string name = request.Reference.ToString();
        progress?.Report(new PullProgress(name, default, 0, 0, PullState.Resolving));
        Descriptor target = await registry.ResolveAsync(request.Reference, cancellationToken);
        progress?.Report(new PullProgress(name, target.Digest, 0, 0, PullState.Resolved));
        if (request.Verify is { } verify)
        {
            await verify(target, cancellationToken);
        }

        TransferMetrics.Stage("resolve", _time.GetElapsedTime(started));

        // Step 2
        INamespaceScope unleased = scopes(null);
        PullResult? result = await new PresentImage(unleased, request, progress).FindAsync(target, cancellationToken);
        if (result is null)
        {
            await using WorkLease lease = await WorkLease.CreateAsync(unleased.Leases, _time, _logger, cancellationToken);
            result = await PullAsync(scopes(lease.Id), target, request, progress, cancellationToken);
        }

        progress?.Report(new PullProgress(name, target.Digest, 0, 0, PullState.Done));
        _logger.Pulled(name, result.Image.Target.Digest.ToString());
        return result;
    }

    private async Task<PullResult> PullAsync(
        INamespaceScope scope,
        Descriptor target,
        PullRequest request,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        string name = request.Reference.ToString();

        // Step 3
        long started = _time.GetTimestamp();
        using BlobFetcher fetcher = new(
            registry, scope, request.Reference, progress, request.MaxConcurrentDownloads, _time, _logger);
        List<FetchedManifest> manifests = await new ManifestFetch(scope, fetcher, request, progress)
            .FetchAsync(target, cancellationToken);
        if (manifests.Count == 0)
        {
            throw new GantryException(
                ErrorKind.NotFound, $"failed to pull \"{name}\": no match for platform in manifest");
        }

        // Steps 4 and 5
        TransferMetrics.Stage("manifests", _time.GetElapsedTime(started));
        started = _time.GetTimestamp();
        Digest chainId = default;
        foreach (FetchedManifest manifest in manifests)
        {
            Digest chain = await FetchAndUnpackAsync(scope, fetcher, manifest, request, progress, cancellationToken);
            chainId = chainId.IsEmpty ? chain : chainId;
        }

        // Step 6
        TransferMetrics.Stage("layers", _time.GetElapsedTime(started));
        ImageRecord image = await ImageRecords.SetAsync(
            scope.Images, new ImageRecord(request.NameOf(target.Digest), target, request.Labels), cancellationToken);
        return new PullResult(image, [.. manifests.Select(m => m.Descriptor)], chainId);
    }

    private async Task<Digest> FetchAndUnpackAsync(
        INamespaceScope scope,
        BlobFetcher fetcher,
        FetchedManifest fetched,
        PullRequest request,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        ImageManifest manifest = fetched.Manifest;
        using CancellationTokenSource all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task config = fetcher.FetchBlobAsync(manifest.Config, arriving: null, all.Token);
        UnpackTarget? target = MediaTypes.IsConfig(manifest.Config.MediaType) ? request.UnpackOf(fetched.Descriptor) : null;
        bool isRemote = target is { IsRemote: true };
        using LayerFetches layers = new(
            manifest.Layers,
            (layer, blob) => fetcher.FetchBlobAsync(layer, target is null ? null : blob, all.Token));
        if (!isRemote && manifest.Layers.Count > 0)
        {
            _ = layers.StartFrom(0);
        }

        Task<Digest> unpack = target is null
            ? Task.FromResult(default(Digest))
            : UnpackAsync(scope, fetched, config, layers, request.Reference, target, progress, all.Token);
        try
        {
            await FirstFailure.AllAsync(isRemote ? [config, unpack] : [config, .. layers.Started, unpack], all);
        }
        finally
        {
            await layers.EndAsync();
        }

        cancellationToken.ThrowIfCancellationRequested();
        return await unpack;
    }

    private async Task<Digest> UnpackAsync(
        INamespaceScope scope,
        FetchedManifest fetched,
        Task configFetched,
        LayerFetches layers,
        Reference reference,
        UnpackTarget target,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        await configFetched;
        ImageConfig config = await ManifestFetch.ReadConfigAsync(scope, fetched.Manifest.Config, cancellationToken);
        return await unpacker.UnpackAsync(
            scope,
            fetched.Manifest,
            config,
            target.Snapshotter,
            index => layers.ReadyAsync(index, cancellationToken),
            progress,
            target.IsRemote ? new RemoteSource(reference.ToString(), fetched.Descriptor.Digest) : null,
            cancellationToken);
    }
}
