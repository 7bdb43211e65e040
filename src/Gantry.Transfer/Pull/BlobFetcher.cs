using System.Buffers;
using System.Collections.Immutable;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Microsoft.Extensions.Logging;

namespace Gantry.Transfer.Pull;

/// <summary>Brings the blobs of one pull from the registry into the content store.</summary>
/// <param name="registry">Where from.</param>
/// <param name="scope">Where to, under the lease of the pull.</param>
/// <param name="repository">The repository.</param>
/// <param name="progress">Is told of each blob; null for nobody.</param>
/// <param name="maxDownloads">How many bodies are read at once.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to tell what is odd.</param>
internal sealed class BlobFetcher(
    RegistryClient registry,
    INamespaceScope scope,
    Reference repository,
    IProgress<PullProgress>? progress,
    int maxDownloads,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private const int BufferBytes = 256 * 1024;

    private static readonly TimeSpan FirstLockWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxLockWait = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _slots = new(maxDownloads);

    /// <summary>Brings a manifest or index, and returns its bytes.</summary>
    /// <param name="descriptor">Which one.</param>
    /// <param name="labels">The labels that its bytes ask for; throws when they are malformed.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<byte[]> FetchManifestAsync(
        Descriptor descriptor,
        Func<byte[], IReadOnlyDictionary<string, string>> labels,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(descriptor, cancellationToken) is { } info)
        {
            byte[] present = await BlobReader.ReadAsync(
                scope.Content, descriptor, OciJson.MaxManifestBytes, cancellationToken);
            await AddLabelsAsync(info, labels(present), cancellationToken);
            Report(descriptor, descriptor.Size, PullState.Exists);
            return present;
        }

        Report(descriptor, 0, PullState.Downloading);
        byte[] data = await registry.FetchManifestAsync(repository, descriptor, cancellationToken);
        IReadOnlyDictionary<string, string> all = WithSource(labels(data));
        await WriteAsync(
            descriptor,
            all,
            (writer, token) => CopyBytesAsync(data, descriptor, writer, token),
            cancellationToken);
        return data;
    }

    /// <summary>Brings a config or layer, or finds it.</summary>
    /// <param name="descriptor">Which one.</param>
    /// <param name="arriving">Is told how it comes, if it has to be fetched from its start; null for nobody.</param>
    /// <param name="cancellationToken">Ends the attempt; what came stays, and the next attempt goes on from there.</param>
    public async Task FetchBlobAsync(
        Descriptor descriptor, ArrivingBlob? arriving, CancellationToken cancellationToken)
    {
        if (await FindAsync(descriptor, cancellationToken) is { } info)
        {
            await AddLabelsAsync(info, ImmutableDictionary<string, string>.Empty, cancellationToken);
            Report(descriptor, descriptor.Size, PullState.Exists);
            return;
        }

        Report(descriptor, 0, PullState.Waiting);
        await WriteAsync(
            descriptor,
            WithSource(ImmutableDictionary<string, string>.Empty),
            (writer, token) => DownloadInTurnAsync(descriptor, writer, arriving, token),
            cancellationToken);
    }

    public void Dispose() => _slots.Dispose();

    private static async Task CopyBytesAsync(
        byte[] data,
        Descriptor descriptor,
        IContentWriter writer,
        CancellationToken cancellationToken)
    {
        // Another namespace may have the blob; then its bytes are here already.
        if (writer.Status.Offset == data.Length && writer.CurrentDigest() == descriptor.Digest)
        {
            return;
        }

        if (writer.Status.Offset != 0)
        {
            await writer.RestartAsync(cancellationToken);
        }

        await writer.WriteAsync(data, cancellationToken);
    }

    // The blob goes to the lease first, so that it is not collected once it was seen.
    private async Task<ContentInfo?> FindAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (scope.LeaseId is { } lease)
        {
            await scope.Leases.AddResourceAsync(
                lease, new LeaseResource(descriptor.Digest.ToString(), "content"), cancellationToken);
        }

        return await scope.Content.FindAsync(descriptor.Digest, cancellationToken);
    }

    private async Task WriteAsync(
        Descriptor descriptor,
        IReadOnlyDictionary<string, string> labels,
        Func<IContentWriter, CancellationToken, Task> fill,
        CancellationToken cancellationToken)
    {
        bool again = true;
        while (again)
        {
            again = false;
            IContentWriter? writer = await OpenAsync(descriptor, cancellationToken);
            if (writer is null)
            {
                await LabelExistingAsync(descriptor, labels, cancellationToken);
                Report(descriptor, descriptor.Size, PullState.Exists);
                return;
            }

            long resumed = writer.Status.Offset;
            bool wrong = false;
            try
            {
                await using (writer)
                {
                    await fill(writer, cancellationToken);
                    Report(descriptor, descriptor.Size, PullState.Committing);
                    await writer.CommitAsync(descriptor.Size, descriptor.Digest, labels, cancellationToken);
                    TransferMetrics.Bytes.Add(Math.Max(0, descriptor.Size - resumed));
                }
            }
            catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
            {
                // Another client was first, and its labels may not be those that keep what this refers to.
                await LabelExistingAsync(descriptor, labels, cancellationToken);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.FailedPrecondition && resumed > 0)
            {
                // What an earlier attempt left may be what is wrong.
                logger.StartingAgain(IngestRef.Of(descriptor), resumed);
                (wrong, again) = (true, true);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.FailedPrecondition)
            {
                await AbortAsync(descriptor, cancellationToken);
                throw;
            }

            if (wrong)
            {
                await AbortAsync(descriptor, cancellationToken);
            }
        }

        Report(descriptor, descriptor.Size, PullState.Done);
    }

    // Null when the blob is there. A ref that another client writes is waited for: its writer may finish or give up.
    private async Task<IContentWriter?> OpenAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        TimeSpan wait = FirstLockWait;
        while (true)
        {
            try
            {
                return await scope.Content.OpenWriterAsync(
                    IngestRef.Of(descriptor), descriptor.Size, descriptor.Digest, cancellationToken);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
            {
                return null;
            }
            catch (GantryException e) when (
                e.Kind == ErrorKind.Unavailable && e.Message.Contains("locked", StringComparison.Ordinal))
            {
                Report(descriptor, 0, PullState.Waiting);
                await Task.Delay(wait, time, cancellationToken);
                wait = wait * 2 < MaxLockWait ? wait * 2 : MaxLockWait;
            }
        }
    }

    private async Task AbortAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        try
        {
            await scope.Content.AbortAsync(IngestRef.Of(descriptor), cancellationToken);
        }
        catch (GantryException e)
        {
            // The error that led here is the one to show.
            logger.LeftBehind($"ingest {IngestRef.Of(descriptor)}", e.Message);
        }
    }

    // What has come is made durable while others come.
    private async Task DownloadInTurnAsync(
        Descriptor descriptor,
        IContentWriter writer,
        ArrivingBlob? arriving,
        CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            // Bytes of an earlier attempt may turn out to be wrong, and the blob begun anew: nobody goes by them.
            ArrivingBlob? followed = null;
            if (writer.Status.Offset == 0 && arriving is not null && writer.OpenReader() is { } reader)
            {
                arriving.Begin(reader);
                followed = arriving;
            }

            await DownloadAsync(descriptor, writer, followed, cancellationToken);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task DownloadAsync(
        Descriptor descriptor,
        IContentWriter writer,
        ArrivingBlob? arriving,
        CancellationToken cancellationToken)
    {
        long offset = writer.Status.Offset;
        if (offset > descriptor.Size)
        {
            await writer.RestartAsync(cancellationToken);
            offset = 0;
        }

        Report(descriptor, offset, PullState.Downloading);
        if (offset == descriptor.Size)
        {
            return;
        }

        await using Stream stream = await registry.OpenBlobAsync(repository, descriptor, offset, cancellationToken);

        // One piece is written while the next one comes in.
        int length = (int)Math.Min(BufferBytes, descriptor.Size - offset);
        byte[][] buffers = [ArrayPool<byte>.Shared.Rent(length), ArrayPool<byte>.Shared.Rent(length)];
        Task<int> reading = FillAsync(stream, buffers[0], length, cancellationToken);
        try
        {
            for (int i = 0; await reading is var count and > 0; i = 1 - i)
            {
                reading = FillAsync(stream, buffers[1 - i], length, cancellationToken);
                await writer.WriteAsync(buffers[i].AsMemory(0, count), cancellationToken);
                offset += count;
                arriving?.Advance(offset);
                Report(descriptor, offset, PullState.Downloading);
            }
        }
        finally
        {
            // Neither the stream nor the buffer may go under a read.
            await ((Task)reading).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            ArrayPool<byte>.Shared.Return(buffers[0]);
            ArrayPool<byte>.Shared.Return(buffers[1]);
        }
    }

    private static Task<int> FillAsync(
        Stream stream, byte[] buffer, int length, CancellationToken cancellationToken) =>
        stream.ReadAtLeastAsync(buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken).AsTask();

    private Dictionary<string, string> WithSource(IReadOnlyDictionary<string, string> labels)
    {
        Dictionary<string, string> all = new(labels, StringComparer.Ordinal);
        if (ContentLabels.Source(repository, present: null) is var (key, value))
        {
            all[key] = value;
        }

        return all;
    }

    private async Task LabelExistingAsync(
        Descriptor descriptor, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        if (await FindAsync(descriptor, cancellationToken) is { } info)
        {
            await AddLabelsAsync(info, labels, cancellationToken);
        }
    }

    private async Task AddLabelsAsync(
        ContentInfo info,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string> wanted = new(labels, StringComparer.Ordinal);
        string? present = info.Labels.GetValueOrDefault(WellKnownLabels.DistributionSource + repository.Host);
        if (ContentLabels.Source(repository, present) is var (sourceKey, sourceValue))
        {
            wanted[sourceKey] = sourceValue;
        }

        Dictionary<string, string> missing = wanted
            .Where(label => info.Labels.GetValueOrDefault(label.Key) != label.Value)
            .ToDictionary(StringComparer.Ordinal);
        if (missing.Count > 0)
        {
            await scope.Content.UpdateAsync(
                info with { Labels = missing },
                new FieldMask([.. missing.Keys.Select(key => "labels." + key)]),
                cancellationToken);
        }
    }

    private void Report(Descriptor descriptor, long offset, PullState state) =>
        progress?.Report(new PullProgress(
            IngestRef.Of(descriptor), descriptor.Digest, offset, descriptor.Size, state));
}
