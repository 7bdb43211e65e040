using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Commit;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Conversion;

/// <summary>
/// Makes images of the same files in another form: other media types, layers that are packed in another way, one platform
/// instead of all. The same image becomes the same bytes each time.
/// </summary>
/// <param name="scopes">The namespace, under a lease (by its id) or under none (null).</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what could not be cleaned up; null for nowhere.</param>
public sealed class ImageConverter(
    Func<string?, INamespaceScope> scopes,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Converts an image.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>a lease keeps the image, and what is made, until the new name does;</item>
    /// <item>a part that is not here is told before anything is made;</item>
    /// <item>each manifest: its layers are packed anew where they are packed otherwise, each checked against the config;
    /// what nobody here knows in the documents stays as it is, and a document in which nothing changes keeps its digest;</item>
    /// <item>indexes, after what they refer to;</item>
    /// <item>the image record.</item>
    /// </list>
    /// When it fails there is no image that was not there before, and what was made goes with the next collection.
    /// </remarks>
    /// <param name="request">What is to become of which image.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// NotFound: no such image, or a part of it is not here; InvalidArgument: it cannot have that form; FailedPrecondition:
    /// a layer is not what the config says.
    /// </exception>
    public async Task<ImageRecord> ConvertAsync(ConvertRequest request, CancellationToken cancellationToken)
    {
        // Step 1
        await using WorkLease lease =
            await WorkLease.CreateAsync(scopes(null).Leases, _time, _logger, cancellationToken);
        INamespaceScope scope = scopes(lease.Id);
        ImageRecord source = await scope.Images.GetAsync(request.Source, cancellationToken);
        await scope.Leases.AddResourceAsync(
            lease.Id, new LeaseResource(source.Target.Digest.ToString(), "content"), cancellationToken);

        // Step 2
        Descriptor target = request.AllPlatforms
            ? source.Target
            : (await new ImageReader(scope).ReadAsync(source, request.Platform, cancellationToken)).ManifestDescriptor;
        ImageContents contents = await ImageContents.ReadAsync(scope.Content, target, cancellationToken);
        if (contents.Missing.Count > 0)
        {
            throw new GantryException(
                ErrorKind.NotFound,
                $"image \"{source.Name}\": not all of it is here, missing is {MissingPart.Describe(contents.Missing)}");
        }

        // Steps 3 and 4: each document comes after those that it refers to.
        LayerConverter layers = new(scope, request.Compression, request.Family);
        Dictionary<Digest, Descriptor> converted = [];
        foreach (Descriptor document in contents.Manifests)
        {
            converted[document.Digest] = MediaTypes.IsIndex(document.MediaType)
                ? await ConvertIndexAsync(scope, document, request, converted, cancellationToken)
                : await ConvertManifestAsync(scope, document, request, layers, cancellationToken);
        }

        // Step 5
        if (!converted.TryGetValue(target.Digest, out Descriptor? made))
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"image \"{source.Name}\": media type \"{target.MediaType}\" is no image");
        }

        ImageRecord record = new(request.Target, made, source.Labels);
        return await ImageRecords.SetAsync(scope.Images, record, cancellationToken);
    }

    private static async Task<Descriptor> ConvertManifestAsync(
        INamespaceScope scope,
        Descriptor document,
        ConvertRequest request,
        LayerConverter converter,
        CancellationToken cancellationToken)
    {
        byte[] bytes = await BlobReader.ReadAsync(
            scope.Content, document, OciJson.MaxManifestBytes, cancellationToken);
        ImageManifest manifest = BlobReader.Parse(bytes, document.Digest, data => OciJson.ParseManifest(data));
        IReadOnlyList<Digest> diffIds = await DiffIdsAsync(scope, manifest, cancellationToken);
        List<Descriptor> layers = [];
        for (int i = 0; i < manifest.Layers.Count; i++)
        {
            layers.Add(await converter.ConvertAsync(
                manifest.Layers[i], i < diffIds.Count ? diffIds[i] : default, cancellationToken));
        }

        Descriptor config = manifest.Config with
        {
            MediaType = ConvertedTypes.Of(manifest.Config.MediaType, request.Family),
        };
        string mediaType = ConvertedTypes.Of(document.MediaType, request.Family);
        if (mediaType == document.MediaType && config == manifest.Config && layers.SequenceEqual(manifest.Layers))
        {
            return document;
        }

        JsonObject json = ConfigJson.Parse(bytes, "image manifest");
        DocumentEdits.SetType(json, mediaType);
        DocumentEdits.SetDescriptor(ConfigJson.Object(json, "config"), config);
        JsonArray list = ConfigJson.List(json, "layers");
        for (int i = 0; i < layers.Count; i++)
        {
            DocumentEdits.SetDescriptor(DocumentEdits.Item(list, i), layers[i]);
        }

        byte[] made = ConfigJson.ToBytes(json);
        ImageManifest parsed = BlobReader.Parse(made, document.Digest, data => OciJson.ParseManifest(data));
        Descriptor stored = await BlobWriter.WriteAsync(
            scope.Content, mediaType, made, ContentLabels.Children(parsed), cancellationToken);
        return stored with { Platform = document.Platform };
    }

    private static async Task<Descriptor> ConvertIndexAsync(
        INamespaceScope scope,
        Descriptor document,
        ConvertRequest request,
        Dictionary<Digest, Descriptor> converted,
        CancellationToken cancellationToken)
    {
        byte[] bytes = await BlobReader.ReadAsync(
            scope.Content, document, OciJson.MaxManifestBytes, cancellationToken);
        ImageIndex index = BlobReader.Parse(bytes, document.Digest, data => OciJson.ParseIndex(data));
        string mediaType = ConvertedTypes.Of(document.MediaType, request.Family);
        if (mediaType == document.MediaType && index.Manifests.All(
            child => !converted.TryGetValue(child.Digest, out Descriptor? made) || made.Digest == child.Digest))
        {
            return document;
        }

        JsonObject json = ConfigJson.Parse(bytes, "image index");
        DocumentEdits.SetType(json, mediaType);
        JsonArray list = ConfigJson.List(json, "manifests");
        for (int i = 0; i < index.Manifests.Count; i++)
        {
            JsonObject item = DocumentEdits.Item(list, i);
            DocumentEdits.PointAttestation(item, converted);
            if (converted.TryGetValue(index.Manifests[i].Digest, out Descriptor? made))
            {
                DocumentEdits.SetDescriptor(item, made);
            }
        }

        byte[] changed = ConfigJson.ToBytes(json);
        ImageIndex parsed = BlobReader.Parse(changed, document.Digest, data => OciJson.ParseIndex(data));
        return await BlobWriter.WriteAsync(
            scope.Content, mediaType, changed, ContentLabels.Children(parsed), cancellationToken);
    }

    // None for an artifact, which has no layers of files.
    private static async Task<IReadOnlyList<Digest>> DiffIdsAsync(
        INamespaceScope scope,
        ImageManifest manifest,
        CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            return ImmutableArray<Digest>.Empty;
        }

        byte[] data = await BlobReader.ReadAsync(
            scope.Content, manifest.Config, OciJson.MaxConfigBytes, cancellationToken);
        return BlobReader.Parse(data, manifest.Config.Digest, d => OciJson.ParseConfig(d)).DiffIds;
    }
}
