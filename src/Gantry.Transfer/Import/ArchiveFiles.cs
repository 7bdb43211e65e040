using System.Text;
using Gantry.Archive;
using Gantry.Archive.Tar;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Import;

/// <summary>
/// What an archive of images holds: blobs go to the content store as they come, documents are kept. Names are keys of a
/// table here and never paths of a filesystem.
/// </summary>
internal sealed class ArchiveFiles
{
    private const int MaxEntries = 200_000;
    private const int MaxLinks = 10_000;
    private const int MaxLinkDepth = 8;
    private const int MaxDocuments = 16;
    private const string BlobPrefix = "blobs/";

    private readonly Dictionary<string, byte[]> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Descriptor> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    private ArchiveFiles()
    {
    }

    /// <summary>Reads an archive to its end.</summary>
    /// <param name="scope">Gets the blobs, under a lease.</param>
    /// <param name="tar">The archive, not compressed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">InvalidArgument: it is malformed, or more than anybody needs.</exception>
    public static async Task<ArchiveFiles> ReadAsync(
        INamespaceScope scope,
        Stream tar,
        CancellationToken cancellationToken)
    {
        ArchiveFiles files = new();
        TarReader reader = new(tar, TarLimits.Default with { MaxHeaders = MaxEntries });
        while (await reader.ReadEntryAsync(cancellationToken) is { } entry)
        {
            await files.AddAsync(scope, reader, entry, cancellationToken);
        }

        return files;
    }

    /// <summary>A document at the root; null when there is none.</summary>
    public byte[]? Document(string name) => _documents.GetValueOrDefault(name);

    /// <summary>A file that was stored, by its name or by that of a link to it; null when there is none.</summary>
    public Descriptor? Stored(string name)
    {
        string at = Clean(name);
        for (int depth = 0; depth < MaxLinkDepth; depth++)
        {
            if (_stored.TryGetValue(at, out Descriptor? stored))
            {
                return stored;
            }

            if (!_links.TryGetValue(at, out string? target))
            {
                return null;
            }

            at = target;
        }

        return null;
    }

    private static bool IsDocument(string name) => name is "oci-layout" or "index.json" or "manifest.json";

    // Layers and configs of Docker's own archives: ID/layer.tar, HASH.tar, HASH.json.
    private static bool MayBePart(string name) =>
        name.EndsWith(".tar", StringComparison.Ordinal)
        || (name.EndsWith(".json", StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal));

    // Nothing is ever opened by such a name, so ".." does no more than find its neighbour in the table.
    private static string Clean(string name)
    {
        List<string> parts = [];
        foreach (string part in name.Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    private static bool TryBlobName(string name, out Digest digest)
    {
        digest = default;
        string[] parts = name.StartsWith(BlobPrefix, StringComparison.Ordinal) ? name.Split('/') : [];
        return parts.Length == 3 && Digest.TryParse($"{parts[1]}:{parts[2]}", out digest);
    }

    private static async Task<byte[]> ReadDocumentAsync(
        TarReader reader,
        TarEntry entry,
        string name,
        CancellationToken cancellationToken)
    {
        if (entry.Size > OciJson.MaxManifestBytes)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{name}: {entry.Size} bytes, greater than the limit of {OciJson.MaxManifestBytes}");
        }

        using MemoryStream data = new();
        while (await reader.ReadDataAsync(cancellationToken) is { Bytes.IsEmpty: false } piece)
        {
            data.Write(piece.Bytes.Span);
        }

        return data.ToArray();
    }

    private async Task AddAsync(
        INamespaceScope scope,
        TarReader reader,
        TarEntry entry,
        CancellationToken cancellationToken)
    {
        string name = Clean(entry.DisplayName);
        if (entry.Type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            Bound(_links.Count, MaxLinks, "links");
            string target = Encoding.UTF8.GetString(entry.LinkName);
            int slash = name.LastIndexOf('/');
            bool relative = entry.Type == TarEntryType.SymbolicLink && slash >= 0 && !target.StartsWith('/');
            _links[name] = Clean(relative ? $"{name[..slash]}/{target}" : target);
            return;
        }

        if (entry.Type != TarEntryType.Regular || entry.IsSparse)
        {
            return;
        }

        if (IsDocument(name))
        {
            Bound(_documents.Count, MaxDocuments, "documents");
            _documents[name] = await ReadDocumentAsync(reader, entry, name, cancellationToken);
        }
        else if (TryBlobName(name, out Digest digest))
        {
            _stored[name] = await StoreBlobAsync(scope, reader, entry, digest, cancellationToken);
        }
        else if (MayBePart(name))
        {
            _stored[name] = await WrittenBlob.StoreAsync(
                scope.Content,
                "",
                async (stream, token) =>
                {
                    while (await reader.ReadDataAsync(token) is { Bytes.IsEmpty: false } piece)
                    {
                        await stream.WriteAsync(piece.Bytes, token);
                    }
                },
                cancellationToken);
        }
    }

    private static void Bound(int count, int limit, string what)
    {
        if (count >= limit)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"archive: more than {limit} {what}");
        }
    }

    private static async Task<Descriptor> StoreBlobAsync(
        INamespaceScope scope,
        TarReader reader,
        TarEntry entry,
        Digest digest,
        CancellationToken cancellationToken)
    {
        if (scope.LeaseId is { } lease)
        {
            await scope.Leases.AddResourceAsync(
                lease, new LeaseResource(digest.ToString(), "content"), cancellationToken);
        }

        Descriptor blob = new("", digest, entry.Size);
        string reference = $"import-{Guid.NewGuid():n}";
        bool stored = false;
        try
        {
            await using IContentWriter writer = await scope.Content.OpenWriterAsync(
                reference, entry.Size, digest, cancellationToken);
            if (writer.Status.Offset == 0)
            {
                while (await reader.ReadDataAsync(cancellationToken) is { Bytes.IsEmpty: false } piece)
                {
                    await writer.WriteAsync(piece.Bytes, cancellationToken);
                }
            }

            await writer.CommitAsync(entry.Size, digest, new Dictionary<string, string>(0), cancellationToken);
            stored = true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            // It is here already; the reader goes over its bytes.
            stored = true;
        }
        finally
        {
            if (!stored)
            {
                await AbandonAsync(scope.Content, reference);
            }
        }

        return blob;
    }

    private static async Task AbandonAsync(IContentStore content, string reference)
    {
        try
        {
            await content.AbortAsync(reference, CancellationToken.None);
        }
        catch (GantryException)
        {
            // It expires by itself; the first error is the one to tell.
        }
    }
}
