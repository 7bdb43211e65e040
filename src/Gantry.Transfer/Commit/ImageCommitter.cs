using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Commit;

/// <summary>Makes images: the layers of another, and one more with what has changed since.</summary>
/// <param name="scopes">The namespace, under a lease (by its id) or under none (null).</param>
/// <param name="differs">Makes what compares, for a namespace under a lease.</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what could not be cleaned up; null for nowhere.</param>
public sealed class ImageCommitter(
    Func<string?, INamespaceScope> scopes,
    Func<INamespaceScope, IDiffer> differs,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    /// <summary>The diff id of a tar without entries: two blocks of zeros.</summary>
    private static readonly Digest EmptyTar = Digest.OfBytes(new byte[1024]);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Makes an image.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>a lease keeps the base, and what is made, until the image record does;</item>
    /// <item>the base's layers are looked at through a view, after they are unpacked if they are not;</item>
    /// <item>what differs becomes a layer; if nothing does, there is none;</item>
    /// <item>config, then manifest, which keeps config and layers;</item>
    /// <item>the image record.</item>
    /// </list>
    /// When it fails there is no image that was not there before, and what was made goes with the next collection.
    /// </remarks>
    /// <param name="request">What is to become an image.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// NotFound: the base is not here; InvalidArgument: it is malformed; what the stores and the differ say.
    /// </exception>
    public async Task<CommitResult> CommitAsync(CommitRequest request, CancellationToken cancellationToken)
    {
        LayerType type = LayerType.Of(request.Base.MediaType, request.Compression);

        // Step 1
        await using WorkLease lease =
            await WorkLease.CreateAsync(scopes(null).Leases, _time, _logger, cancellationToken);
        INamespaceScope scope = scopes(lease.Id);
        await scope.Leases.AddResourceAsync(
            lease.Id, new LeaseResource(request.Base.Digest.ToString(), "content"), cancellationToken);
        byte[] manifestBytes = await ReadAsync(scope, request.Base, OciJson.MaxManifestBytes, cancellationToken);
        ImageManifest manifest =
            BlobReader.Parse(manifestBytes, request.Base.Digest, data => OciJson.ParseManifest(data));
        byte[] configBytes = await ReadAsync(scope, manifest.Config, OciJson.MaxConfigBytes, cancellationToken);
        ImageConfig config = BlobReader.Parse(configBytes, manifest.Config.Digest, data => OciJson.ParseConfig(data));

        // Steps 2 and 3
        (Descriptor Layer, Digest DiffId)? changed =
            await CompareAsync(scope, manifest, config, request, type, cancellationToken);

        // Step 4
        DateTimeOffset now = request.SourceDateEpoch ?? _time.GetUtcNow();
        Descriptor newConfig = await BlobWriter.WriteAsync(
            scope.Content,
            manifest.Config.MediaType,
            NewConfig.Make(configBytes, request, changed?.DiffId, now),
            ImmutableDictionary<string, string>.Empty,
            cancellationToken);
        byte[] newBytes = NewManifest.Make(manifestBytes, request.Base.MediaType, newConfig, changed?.Layer);
        ImageManifest newManifest =
            BlobReader.Parse(newBytes, Digest.OfBytes(newBytes), data => OciJson.ParseManifest(data));
        Descriptor target = await BlobWriter.WriteAsync(
            scope.Content, request.Base.MediaType, newBytes, ContentLabels.Children(newManifest), cancellationToken);

        // Step 5
        ImageRecord record = new(request.Name.ToString(), target, ImmutableDictionary<string, string>.Empty);
        return new CommitResult(
            await ImageRecords.SetAsync(scope.Images, record, cancellationToken), changed?.Layer);
    }

    private static async Task<byte[]> ReadAsync(
        INamespaceScope scope,
        Descriptor descriptor,
        int limit,
        CancellationToken cancellationToken)
    {
        try
        {
            return await BlobReader.ReadAsync(scope.Content, descriptor, limit, cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            throw new GantryException(
                ErrorKind.NotFound, $"the image that this is based on is not here any more: {e.Message}", e);
        }
    }

    private async Task<(Descriptor Layer, Digest DiffId)?> CompareAsync(
        INamespaceScope scope,
        ImageManifest manifest,
        ImageConfig config,
        CommitRequest request,
        LayerType type,
        CancellationToken cancellationToken)
    {
        IDiffer differ = differs(scope);
        string chain = ChainId.Of(config.DiffIds).ToString();
        Descriptor layer;
        if (chain.Length == 0)
        {
            layer = await CompareAsync(differ, [], request, type, cancellationToken);
        }
        else
        {
            await new Unpacker(differs, _time, _logger).UnpackAsync(
                scope, manifest, config, request.Snapshotter, layerReady: null, progress: null, cancellationToken);
            ISnapshotter snapshots = scope.Snapshots(request.Snapshotter);
            string key = $"commit-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
            IReadOnlyList<Mount> lower = await snapshots.ViewAsync(
                key, chain, ImmutableDictionary<string, string>.Empty, cancellationToken);
            try
            {
                layer = await CompareAsync(differ, lower, request, type, cancellationToken);
            }
            finally
            {
                await RemoveAsync(snapshots, key);
            }
        }

        Digest diffId = await DiffIdAsync(scope.Content, layer, type, cancellationToken);
        return diffId == EmptyTar ? null : (layer with { MediaType = type.Manifest }, diffId);
    }

    private static Task<Descriptor> CompareAsync(
        IDiffer differ,
        IReadOnlyList<Mount> lower,
        CommitRequest request,
        LayerType type,
        CancellationToken cancellationToken) => differ.CompareAsync(
            lower,
            request.Upper,
            new DiffOptions
            {
                MediaType = type.Compare,
                Reference = $"commit-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}",
                SourceDateEpoch = request.SourceDateEpoch,
            },
            cancellationToken);

    private static async Task<Digest> DiffIdAsync(
        IContentStore content,
        Descriptor layer,
        LayerType type,
        CancellationToken cancellationToken)
    {
        if (type.Compare == MediaTypes.OciLayer)
        {
            return layer.Digest;
        }

        ContentInfo info = await content.InfoAsync(layer.Digest, cancellationToken);
        return info.Labels.TryGetValue(WellKnownLabels.Uncompressed, out string? text)
            && Digest.TryParse(text, out Digest diffId)
            ? diffId
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"layer {layer.Digest}: the differ did not say what it is uncompressed");
    }

    private async Task RemoveAsync(ISnapshotter snapshots, string key)
    {
        using CancellationTokenSource limit = new(CleanupLimit, _time);
        try
        {
            await snapshots.RemoveAsync(key, limit.Token);
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or IOException)
        {
            // The first error is the one to show; the view goes with the lease.
            _logger.LeftBehind($"snapshot {key}", e.Message);
        }
    }
}
