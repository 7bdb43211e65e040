using Gantry.Archive.Compression;
using Gantry.Archive.Diff;
using Gantry.Archive.Streams;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Archive;

/// <content>Layers out of what has changed.</content>
public sealed partial class ContentDiffer
{
    /// <inheritdoc/>
    public async Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        DiffOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentNullException.ThrowIfNull(upper);
        ArgumentNullException.ThrowIfNull(options);
        string mediaType = options.MediaType.Length > 0 ? options.MediaType : LayerMediaTypes.TarGzip;
        if (!LayerMediaTypes.IsLayer(mediaType))
        {
            throw new GantryException(ErrorKind.NotImplemented, $"unsupported diff media type: {mediaType}");
        }

        // Step 1: an ingest, from its start.
        bool isOwn = options.Reference.Length == 0;
        string reference = isOwn ? $"diff-{Guid.NewGuid():n}" : options.Reference;
        Digest digest;
        Dictionary<string, string> labels = new(options.Labels, StringComparer.Ordinal);
        bool isDone = false;
        IContentWriter writer = await content.OpenWriterAsync(reference, 0, default, cancellationToken);
        try
        {
            if (writer.Status.Offset > 0)
            {
                await writer.RestartAsync(cancellationToken);
            }

            // Step 2: the changes, packed.
            Digest diffId = await WriteAsync(lower, upper, mediaType, options, writer, cancellationToken);

            // Step 3: the blob. One that is there already is just as good.
            labels[WellKnownLabels.Uncompressed] = diffId.ToString();
            digest = writer.CurrentDigest();
            await CommitAsync(writer, digest, labels, cancellationToken);
            isDone = true;
        }
        finally
        {
            await writer.DisposeAsync();
            if (isOwn && !isDone)
            {
                await AbandonAsync(reference);
            }
        }

        // Step 4: the labels, also of a blob that was there already: a layer made twice is the same one.
        ContentInfo info = await content.InfoAsync(digest, cancellationToken);
        await LabelAsync(info, labels, cancellationToken);
        return new Descriptor(mediaType, digest, info.Size);
    }

    private static async Task CommitAsync(
        IContentWriter writer,
        Digest digest,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        try
        {
            await writer.CommitAsync(0, digest, labels, cancellationToken);
        }
        catch (GantryException exception) when (exception.Kind == ErrorKind.AlreadyExists)
        {
            // The ingest is gone, and the blob is what was asked for.
        }
    }

    /// <summary>Writes the changes to an ingest; returns their diff id.</summary>
    private async Task<Digest> WriteAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        string mediaType,
        DiffOptions options,
        IContentWriter writer,
        CancellationToken cancellationToken)
    {
        await using IngestStream ingest = new(writer);
        Stream packed = Compressor.Open(ingest, LayerMediaTypes.Kind(mediaType));
        await using (packed)
        {
            await using DigestStream tar = new(packed);
            await WriteTarAsync(
                lower,
                upper,
                tar,
                new TarDiffOptions { SourceDateEpoch = options.SourceDateEpoch },
                cancellationToken);
            return tar.Digest;
        }
    }

    private async Task WriteTarAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        Stream tar,
        TarDiffOptions options,
        CancellationToken cancellationToken)
    {
        if (DiffSource.Upper(lower, upper) is { } overlay
            && await LayerDiffer.TryWriteUpperAsync(overlay, tar, options, cancellationToken) is not null)
        {
            return;
        }

        await temporaryMount(
            DiffSource.ReadOnly(lower),
            (lowerRoot, token) => temporaryMount(
                DiffSource.ReadOnly(upper),
                (upperRoot, inner) => LayerDiffer.WriteChangesAsync(lowerRoot, upperRoot, tar, options, inner),
                token),
            cancellationToken);
    }

    /// <summary>Gives a blob the labels that it does not have yet.</summary>
    private async Task LabelAsync(
        ContentInfo info,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        string[] missing = [.. labels
            .Where(label => info.Labels.GetValueOrDefault(label.Key) != label.Value)
            .Select(label => $"labels.{label.Key}")];
        if (missing.Length > 0)
        {
            await content.UpdateAsync(info with { Labels = labels }, new FieldMask(missing), cancellationToken);
        }
    }

    /// <summary>Takes away an ingest that nobody else knows; the first error is the one to tell.</summary>
    private async Task AbandonAsync(string reference)
    {
        try
        {
            await content.AbortAsync(reference, CancellationToken.None);
        }
        catch (GantryException)
        {
            // It expires by itself.
        }
    }
}
