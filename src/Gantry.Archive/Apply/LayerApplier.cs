using Gantry.Archive.Compression;
using Gantry.Archive.Streams;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;

namespace Gantry.Archive.Apply;

/// <summary>Applies layers to directories.</summary>
public static class LayerApplier
{
    /// <summary>
    /// Unpacks a layer into a directory. Nothing outside of it is read or changed, whatever the layer holds: names are
    /// resolved as if the directory were the root.
    /// </summary>
    /// <param name="layer">The layer, packed or not, read to its end. It stays the caller's.</param>
    /// <param name="mediaType">Its media type; how it is packed is told by its bytes.</param>
    /// <param name="rootDirectory">An existing directory that nobody else writes to meanwhile.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the work; what was written stays.</param>
    /// <exception cref="GantryException">
    /// NotImplemented: no such media type; InvalidArgument: the layer is malformed, ends too early, or passes a limit;
    /// NotImplemented, too: the layers below are not there yet, and this one needs them while it is applied.
    /// </exception>
    /// <exception cref="Linux.LinuxException">A file could not be made, for example for want of room.</exception>
    public static async Task<ApplyResult> ApplyAsync(
        Stream layer,
        string mediaType,
        string rootDirectory,
        ApplyOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        LayerMediaTypes.Require(mediaType);
        using DetachedNoteFile? note = DetachedNoteFile.Begin(options.DetachedNote);
        await using ChunkPump pump = new(layer, options.MaxUncompressedSize, cancellationToken);
        TarReader reader = new(pump, options.Limits);
        using LayerWriter writer = new(rootDirectory, options);
        long entries = 0;
        while (await reader.ReadEntryAsync(cancellationToken) is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            entries++;
            await writer.WriteAsync(entry, reader, cancellationToken);
        }

        writer.FinishDirectories();

        // The digest is over the whole stream, and archives are padded after their end.
        while (!(await pump.NextAsync(cancellationToken)).IsEmpty)
        {
        }

        note?.Finish(writer.Implied);
        return new ApplyResult(pump.Digest, pump.Size, entries, writer.IgnoredXattrs);
    }
}
