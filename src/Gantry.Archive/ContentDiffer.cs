using System.Diagnostics;
using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Archive.Processors;
using Gantry.Archive.Streams;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;

namespace Gantry.Archive;

/// <summary>Applies layers of one namespace's content store, and puts new ones there.</summary>
/// <param name="content">The store.</param>
/// <param name="temporaryMount">Makes mounts where a layer can't be written to directories directly.</param>
/// <param name="options">Limits; where and how to write is told by the mounts.</param>
/// <param name="processors">Programs for media types that are not built in.</param>
public sealed partial class ContentDiffer(
    IContentStore content,
    TemporaryMount temporaryMount,
    ApplyOptions? options = null,
    IReadOnlyList<StreamProcessor>? processors = null)
    : IDiffer
{
    private readonly ApplyOptions _options = options ?? new ApplyOptions();

    /// <inheritdoc/>
    public async Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(mounts);
        ArgumentNullException.ThrowIfNull(options);
        long started = Stopwatch.GetTimestamp();
        string result = "failed";
        try
        {
            Descriptor applied = await ApplyLayerAsync(layer, mounts, options, cancellationToken);
            result = "success";
            ArchiveMetrics.Bytes.Add(applied.Size);
            ArchiveMetrics.Seconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            return applied;
        }
        finally
        {
            ArchiveMetrics.Layers.Add(1, new KeyValuePair<string, object?>("result", result));
        }
    }

    private async Task<Descriptor> ApplyLayerAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        if (mounts.Count == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"apply layer {layer.Digest}: no mounts");
        }

        // Step 1: the layer, whose bytes are checked as they pass, and the programs that it needs. One that is on its way
        // into the store is checked there, and has no end before that is done.
        await using Stream stream = options.Arriving is { } arriving
            ? arriving.Open()
            : new VerifiedStream(await OpenAsync(layer, cancellationToken), layer.Digest, layer.Size);
        await using ProcessorChain chain = await ProcessorChain.StartAsync(
            stream, layer.MediaType, processors ?? [], options.Payloads, cancellationToken);

        // Step 2: its files, where they belong.
        ApplyResult? result = null;
        if (ApplyTarget.Of(mounts, _options) is { } target)
        {
            result = await ApplyAsync(chain, target, options, cancellationToken);
        }
        else
        {
            await temporaryMount(
                mounts,
                async (root, token) => result = await ApplyAsync(
                    chain, new ApplyTarget(root, _options), options, token),
                cancellationToken);
        }

        if (result is null)
        {
            throw new GantryException(ErrorKind.Internal, $"apply layer {layer.Digest}: nothing was applied");
        }

        // Step 3: what was learnt about the blob.
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [WellKnownLabels.Uncompressed] = result.DiffId.ToString(),
        };
        await content.UpdateAsync(
            new ContentInfo(layer.Digest, 0, default, default, labels),
            new FieldMask([$"labels.{WellKnownLabels.Uncompressed}"]),
            cancellationToken);
        return new Descriptor(LayerMediaTypes.Tar, result.DiffId, result.Size);
    }

    private static async Task<ApplyResult> ApplyAsync(
        ProcessorChain chain,
        ApplyTarget target,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            ApplyResult result = await LayerApplier.ApplyAsync(
                chain.Output, chain.MediaType, target.Directory, target.Options, cancellationToken);
            await chain.FinishAsync();
            if (options.SyncFilesystem)
            {
                FileSync.Syncfs(target.Directory);
            }

            return result;
        }
        catch (GantryException exception) when (exception.Kind == ErrorKind.InvalidArgument)
        {
            // A blob that was damaged on the disk looks malformed, and so does what a program has left half done: then
            // that is the error to tell.
            await chain.Output.CopyToAsync(Stream.Null, cancellationToken);
            await chain.FinishAsync();
            throw;
        }
    }

    private async Task<Stream> OpenAsync(Descriptor layer, CancellationToken cancellationToken)
    {
        if (layer.Digest.IsEmpty)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "apply layer: no digest");
        }

        try
        {
            return await content.OpenReaderAsync(layer.Digest, cancellationToken);
        }
        catch (GantryException exception)
        {
            throw GantryException.Verbatim(
                exception.Kind, $"failed to get reader from content store: {exception.Message}", exception);
        }
    }
}
