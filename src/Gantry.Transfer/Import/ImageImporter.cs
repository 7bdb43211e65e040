using System.Collections.Immutable;
using System.Globalization;
using Gantry.Archive.Compression;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Export;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Import;

/// <summary>
/// Takes images out of a tar: an OCI image layout, or what <c>docker save</c> writes, old and new, packed or not.
/// </summary>
/// <param name="scopes">The namespace, under a lease (by its id) or under none (null).</param>
/// <param name="unpacker">Makes snapshots of layers.</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what could not be cleaned up; null for nowhere.</param>
public sealed class ImageImporter(
    Func<string?, INamespaceScope> scopes,
    Unpacker unpacker,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Imports all images of an archive.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>a lease keeps what comes until the image records do;</item>
    /// <item>blobs are stored as they come, each checked against the digest that it is named by;</item>
    /// <item>the archive's documents tell which images there are;</item>
    /// <item>each image is walked: what its index names and the archive has not is told, and an image of which nothing is
    /// whole is an error;</item>
    /// <item>if asked, it is unpacked;</item>
    /// <item>the image records.</item>
    /// </list>
    /// When it fails there is no image that was not there before, and what came goes with the next collection.
    /// </remarks>
    /// <param name="request">How to name what is found.</param>
    /// <param name="archive">The tar, read from front to back; it stays the caller's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// InvalidArgument: the archive is malformed; NotFound: a part of an image is not in it; FailedPrecondition: a blob is
    /// not what its name says.
    /// </exception>
    public async Task<IReadOnlyList<ImportResult>> ImportAsync(
        ImportRequest request,
        Stream archive,
        CancellationToken cancellationToken)
    {
        // Step 1
        await using WorkLease lease =
            await WorkLease.CreateAsync(scopes(null).Leases, _time, _logger, cancellationToken);
        INamespaceScope scope = scopes(lease.Id);

        // Step 2
        ArchiveFiles files = await ReadAsync(scope, archive, cancellationToken);

        // Step 3
        List<(string Name, Descriptor Target)> images = await FindImagesAsync(scope, files, request, cancellationToken);
        if (images.Count == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "archive: no images in it");
        }

        List<ImportResult> found = [];
        foreach ((string name, Descriptor target) in images)
        {
            // Step 4
            IReadOnlyList<MissingPart> missing = await KeepAsync(scope, name, target, cancellationToken);
            ImageRecord record = new(name, target, request.Labels);

            // Step 5
            string? notUnpacked = await UnpackAsync(scope, record, request, cancellationToken);
            found.Add(new ImportResult(record, missing, notUnpacked));
        }

        // Step 6
        List<ImportResult> results = [];
        foreach (ImportResult result in found)
        {
            results.Add(
                result with { Image = await ImageRecords.SetAsync(scope.Images, result.Image, cancellationToken) });
        }

        return results;
    }

    private static async Task<ArchiveFiles> ReadAsync(
        INamespaceScope scope,
        Stream archive,
        CancellationToken cancellationToken)
    {
        await using Stream tar = await Decompressor.OpenAsync(archive, cancellationToken);
        try
        {
            return await ArchiveFiles.ReadAsync(scope, tar, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "archive: it is damaged or ends too early", e);
        }
    }

    private async Task<List<(string Name, Descriptor Target)>> FindImagesAsync(
        INamespaceScope scope,
        ArchiveFiles files,
        ImportRequest request,
        CancellationToken cancellationToken)
    {
        List<(string Name, Descriptor Target)> images = [];
        if (files.Document("oci-layout") is not null && files.Document("index.json") is { } bytes)
        {
            ImageIndex index = BlobReader.Parse(bytes, Digest.OfBytes(bytes), data => OciJson.ParseIndex(data));
            images.AddRange(index.Manifests.SelectMany(
                target => NamesOf(target, request).Select(name => (name, Bare(target)))));
            if (request.IndexName is { } indexName)
            {
                Descriptor whole = await BlobWriter.WriteAsync(
                    scope.Content,
                    MediaTypes.OciIndex,
                    bytes,
                    ImmutableDictionary<string, string>.Empty,
                    cancellationToken);
                images.Add((indexName, whole));
            }
        }
        else if (files.Document("manifest.json") is { } manifest)
        {
            foreach ((Descriptor target, IReadOnlyList<string> tags) in
                await DockerArchive.ReadAsync(scope, files, manifest, request.Compress, cancellationToken))
            {
                images.AddRange(NamesOf(target, tags, request).Select(name => (name, target)));
            }
        }
        else
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, "archive: neither index.json nor manifest.json in it: no archive of images");
        }

        return images;
    }

    // The names are the archive's; the record has none of them.
    private static Descriptor Bare(Descriptor target) => new(target.MediaType, target.Digest, target.Size)
    {
        Platform = target.Platform,
    };

    private IReadOnlyList<string> NamesOf(Descriptor target, ImportRequest request)
    {
        string full = target.Annotations.GetValueOrDefault(ImageExporter.NameAnnotation) ?? "";
        string name = target.Annotations.GetValueOrDefault(ImageExporter.RefNameAnnotation) ?? "";
        if (request.Names is { } names)
        {
            return names(full, name, target.Digest);
        }

        bool isTag = name.Length > 0 && name.AsSpan().IndexOfAny("/:@") < 0;
        return full.Length > 0 ? [full]
            : isTag ? [$"{Base(request)}:{name}"]
            : name.Length > 0 ? [Reference.ParseFamiliar(name).ToString()]
            : [Untagged(target, request)];
    }

    private IEnumerable<string> NamesOf(Descriptor target, IReadOnlyList<string> tags, ImportRequest request)
    {
        IEnumerable<string> full = tags.Select(tag => Reference.ParseFamiliar(tag).ToString());
        return request.Names is { } names ? full.DefaultIfEmpty("").SelectMany(name => names(name, "", target.Digest))
            : tags.Count > 0 ? full
            : [Untagged(target, request)];
    }

    private string Untagged(Descriptor target, ImportRequest request) => $"{Base(request)}@{target.Digest}";

    private string Base(ImportRequest request) => request.BaseName.Length > 0
        ? request.BaseName
        : "import-" + _time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // Null when it was unpacked, or was not to be; else why it was not: it may be for other machines.
    private async Task<string?> UnpackAsync(
        INamespaceScope scope,
        ImageRecord image,
        ImportRequest request,
        CancellationToken cancellationToken)
    {
        string? notUnpacked = null;
        foreach (UnpackTarget target in request.Unpacks)
        {
            ResolvedImage resolved;
            try
            {
                resolved = await new ImageReader(scope).ReadAsync(
                    image, target.Platform ?? PlatformMatcher.Default, cancellationToken);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
            {
                notUnpacked ??= e.Message;
                continue;
            }

            await unpacker.UnpackAsync(
                scope, resolved.Manifest, resolved.Config, target.Snapshotter, null, null, cancellationToken);
        }

        return notUnpacked;
    }

    // Labels keep what each manifest refers to; what is missing is told.
    private static async Task<IReadOnlyList<MissingPart>> KeepAsync(
        INamespaceScope scope,
        string name,
        Descriptor target,
        CancellationToken cancellationToken)
    {
        ImageContents contents = await ImageContents.ReadAsync(scope.Content, target, cancellationToken);
        if (contents.Missing.Count > 0 && contents.WholeManifests == 0)
        {
            throw new GantryException(
                ErrorKind.NotFound,
                $"image \"{name}\": not all of it is in the archive, missing is {MissingPart.Describe(contents.Missing)}");
        }

        foreach (Descriptor manifest in contents.Manifests)
        {
            byte[] data = await BlobReader.ReadAsync(
                scope.Content, manifest, OciJson.MaxManifestBytes, cancellationToken);
            Dictionary<string, string> labels = MediaTypes.IsIndex(manifest.MediaType)
                ? ContentLabels.Children(BlobReader.Parse(data, manifest.Digest, d => OciJson.ParseIndex(d)))
                : ContentLabels.Children(BlobReader.Parse(data, manifest.Digest, d => OciJson.ParseManifest(d)));
            await BlobWriter.WriteAsync(scope.Content, manifest.MediaType, data, labels, cancellationToken);
        }

        return contents.Missing;
    }
}
