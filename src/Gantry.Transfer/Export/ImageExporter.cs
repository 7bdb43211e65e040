using System.Text;
using Gantry.Archive.Streams;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Export;

/// <summary>
/// Writes images into one tar: an OCI image layout (image-spec, image-layout.md) that Docker can load, too. The same
/// images give the same bytes.
/// </summary>
/// <param name="scope">The namespace that has the images.</param>
public sealed class ImageExporter(INamespaceScope scope)
{
    internal const string NameAnnotation = "io.containerd.image.name";
    internal const string RefNameAnnotation = "org.opencontainers.image.ref.name";

    private const int BufferBytes = 256 * 1024;
    private const uint FileMode = 0b100_100_100;
    private const uint DirectoryMode = 0b111_101_101;

    /// <summary>Writes images.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>find out what each image consists of; if a part is missing, nothing is written;</item>
    /// <item>the blobs, each once, checked against their digests as they pass;</item>
    /// <item>the documents that name them.</item>
    /// </list>
    /// </remarks>
    /// <param name="request">Which images.</param>
    /// <param name="output">Gets the tar, from front to back; it stays the caller's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// NotFound: no such image, none for the platform, or a part of it is not here; FailedPrecondition: a blob is damaged.
    /// </exception>
    public async Task ExportAsync(ExportRequest request, Stream output, CancellationToken cancellationToken)
    {
        // Step 1
        List<(ImageRecord Image, Descriptor Target)> targets = [];
        List<(string Name, ImageManifest Manifest)> forDocker = [];
        Dictionary<Digest, Descriptor> blobs = [];
        foreach (string name in request.Images)
        {
            ImageRecord image = await scope.Images.GetAsync(name, cancellationToken);
            ResolvedImage? best = await FindBestAsync(image, request, cancellationToken);
            Descriptor target = request.AllPlatforms ? image.Target : best!.ManifestDescriptor;
            ImageContents contents = await ImageContents.ReadAsync(scope.Content, target, cancellationToken);
            if (contents.Missing.Count > 0)
            {
                throw new GantryException(
                    ErrorKind.NotFound,
                    $"image \"{name}\": not all of it is here, missing is {MissingPart.Describe(contents.Missing)}");
            }

            targets.Add((image, target));
            foreach (Descriptor part in contents.Blobs.Concat(contents.Manifests))
            {
                blobs.TryAdd(part.Digest, part);
            }

            if (best is not null)
            {
                string shown = Reference.TryParse(name, out Reference? reference, out _) ? reference!.Familiar : name;
                forDocker.Add((shown, best.Manifest));
            }
        }

        // Step 2
        TarWriter tar = new(output);
        await WriteDirectoryAsync(tar, "blobs/", cancellationToken);
        foreach (string algorithm in blobs.Keys.Select(digest => digest.Algorithm).Distinct(StringComparer.Ordinal))
        {
            await WriteDirectoryAsync(tar, $"blobs/{algorithm}/", cancellationToken);
        }

        foreach (Descriptor blob in blobs.Values.OrderBy(blob => blob.Digest.ToString(), StringComparer.Ordinal))
        {
            await WriteBlobAsync(tar, blob, cancellationToken);
        }

        // Step 3
        await WriteFileAsync(tar, "index.json", LayoutJson.Index(targets.Select(t => (t.Target, NamesOf(t.Image)))), cancellationToken);
        if (request.ForDocker && forDocker.Count > 0)
        {
            await WriteFileAsync(tar, "manifest.json", LayoutJson.Docker(forDocker), cancellationToken);
        }

        await WriteFileAsync(tar, "oci-layout", LayoutJson.Layout, cancellationToken);
        await tar.FinishAsync(cancellationToken);
    }

    private static Dictionary<string, string> NamesOf(ImageRecord image)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal) { [NameAnnotation] = image.Name };
        if (Reference.TryParse(image.Name, out Reference? reference, out _) && reference!.Tag.Length > 0)
        {
            names[RefNameAnnotation] = reference.Tag;
        }

        return names;
    }

    private static async Task WriteDirectoryAsync(TarWriter tar, string name, CancellationToken cancellationToken) =>
        await tar.WriteHeaderAsync(
            new TarEntry { Type = TarEntryType.Directory, Name = Encoding.UTF8.GetBytes(name), Mode = DirectoryMode },
            cancellationToken);

    private static async Task WriteFileAsync(
        TarWriter tar,
        string name,
        byte[] data,
        CancellationToken cancellationToken)
    {
        await tar.WriteHeaderAsync(File(name, data.Length), cancellationToken);
        await tar.WriteDataAsync(data, cancellationToken);
    }

    private static TarEntry File(string name, long size) => new()
    {
        Type = TarEntryType.Regular,
        Name = Encoding.UTF8.GetBytes(name),
        Size = size,
        Mode = FileMode,
    };

    // Of an image that is written whole Docker gets the one for this machine, if there is one.
    private async Task<ResolvedImage?> FindBestAsync(
        ImageRecord image,
        ExportRequest request,
        CancellationToken cancellationToken)
    {
        try
        {
            return await new ImageReader(scope).ReadAsync(image, request.Platform, cancellationToken);
        }
        catch (GantryException e) when (
            request.AllPlatforms && e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
        {
            return null;
        }
    }

    private async Task WriteBlobAsync(TarWriter tar, Descriptor blob, CancellationToken cancellationToken)
    {
        await using VerifiedStream stream = new(
            await scope.Content.OpenReaderAsync(blob.Digest, cancellationToken), blob.Digest, blob.Size);
        await tar.WriteHeaderAsync(File(LayoutJson.PathOf(blob.Digest), blob.Size), cancellationToken);
        byte[] buffer = new byte[Math.Min(BufferBytes, Math.Max(1, blob.Size))];
        while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await tar.WriteDataAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
