using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Archive.Diff;
using Gantry.Archive.Streams;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Archive;

/// <summary>Blobs made of what somebody writes, and of whole directories, such as the images of a checkpoint.</summary>
public static class WrittenBlob
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(0, StringComparer.Ordinal);

    /// <summary>Stores what is written. A blob that is there already is just as good.</summary>
    /// <param name="content">The store.</param>
    /// <param name="mediaType">The media type of the blob.</param>
    /// <param name="write">Writes it; the stream stays the caller's.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left then.</param>
    /// <returns>The blob.</returns>
    public static async Task<Descriptor> StoreAsync(
        IContentStore content,
        string mediaType,
        Func<Stream, CancellationToken, Task> write,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(write);
        string reference = $"written-{Guid.NewGuid():n}";
        Digest digest = default;
        IContentWriter writer = await content.OpenWriterAsync(reference, 0, default, cancellationToken);
        try
        {
            await using IngestStream ingest = new(writer);
            await write(ingest, cancellationToken);
            Digest written = writer.CurrentDigest();
            await CommitAsync(writer, written, cancellationToken);
            digest = written;
        }
        finally
        {
            await writer.DisposeAsync();
            if (digest.IsEmpty)
            {
                await AbandonAsync(content, reference);
            }
        }

        return new Descriptor(mediaType, digest, (await content.InfoAsync(digest, cancellationToken)).Size);
    }

    /// <summary>Stores a directory as an uncompressed tar.</summary>
    /// <param name="content">The store.</param>
    /// <param name="mediaType">The media type of the blob.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left then.</param>
    /// <returns>The blob.</returns>
    public static Task<Descriptor> StoreDirectoryAsync(
        IContentStore content, string mediaType, string directory, CancellationToken cancellationToken) =>
        StoreAsync(
            content,
            mediaType,
            (stream, token) => LayerDiffer.WriteChangesAsync(null, directory, stream, new TarDiffOptions(), token),
            cancellationToken);

    /// <summary>Unpacks a blob that is a tar, packed or not, into a directory.</summary>
    /// <param name="content">The store.</param>
    /// <param name="blob">The blob; its bytes are checked as they pass.</param>
    /// <param name="directory">An existing directory.</param>
    /// <param name="cancellationToken">Ends the work; what was written stays.</param>
    /// <exception cref="GantryException">NotFound: there is no such blob. InvalidArgument: it is no tar.</exception>
    public static async Task ExtractAsync(
        IContentStore content, Descriptor blob, string directory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(blob);
        await using VerifiedStream stream = new(
            await content.OpenReaderAsync(blob.Digest, cancellationToken), blob.Digest, blob.Size);
        await LayerApplier.ApplyAsync(stream, LayerMediaTypes.Tar, directory, new ApplyOptions(), cancellationToken);
    }

    private static async Task CommitAsync(IContentWriter writer, Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            await writer.CommitAsync(0, digest, NoLabels, cancellationToken);
        }
        catch (GantryException exception) when (exception.Kind is ErrorKind.AlreadyExists)
        {
            // The ingest is gone, and the blob is what was asked for.
        }
    }

    /// <summary>Takes away an ingest that nobody else knows; the first error is the one to tell.</summary>
    private static async Task AbandonAsync(IContentStore content, string reference)
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
