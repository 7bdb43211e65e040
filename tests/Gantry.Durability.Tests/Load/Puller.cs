using CliWrap;
using CliWrap.Buffered;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Load;

/// <summary>Pulls images and removes them again with the command line, in a namespace of its own.</summary>
internal sealed class Puller(string socket, IReadOnlyList<string> images, int seed) : IDisposable
{
    private const string Namespace = "pulls";

    private readonly Random _random = new(seed);

    public Journal Journal { get; } = new();

    /// <summary>Held while something is under way; who takes it keeps the puller at rest.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Makes images and puts them into a registry.</summary>
    public static async Task<IReadOnlyList<string>> PushImagesAsync(
        RegistryServer registry,
        string directory,
        CancellationToken cancellationToken)
    {
        OciLayout layout = new(directory);
        byte[] noise = new byte[1_500_000];
        new Random(5).NextBytes(noise);
        (Descriptor, Digest) shared = ImageFactory.AddLayer(layout, ("base", noise), ("etc/", []), ("etc/name", "base"u8.ToArray()));
        List<string> references = [];
        foreach (string tag in new[] { "one", "two", "three" })
        {
            byte[] own = new byte[400_000];
            new Random(tag.Length + tag[0]).NextBytes(own);
            (Descriptor, Digest) layer = ImageFactory.AddLayer(layout, (tag, own), ("tag", System.Text.Encoding.UTF8.GetBytes(tag)));
            layout.AddImage(tag, new Platform("linux", "amd64"), [shared, layer]);
            references.Add(await registry.PushAsync(layout.Source(tag), $"test:{tag}", null, cancellationToken));
        }

        return references;
    }

    /// <summary>Works until the token ends it or the daemon is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            string image = images[_random.Next(images.Count)];
            bool there = Journal.View().Acknowledged.GetValueOrDefault(image) is not null;
            Operation operation = there
                ? new Operation("remove an image", [(image, null)])
                : new Operation("pull", [(image, "whole")]);
            string[] arguments = there ? ["rmi", image] : ["pull", "--plain-http", image];
            await Turn.WaitAsync(CancellationToken.None);
            try
            {
                await Journal.DoAsync(operation, () => RunAsync(arguments));
            }
            catch (IOException)
            {
                // The daemon was killed, or else the next look at it will tell.
                return;
            }
            finally
            {
                Turn.Release();
            }
        }
    }

    /// <summary>What there is of the images: each absent or whole, blobs and snapshots.</summary>
    public async Task<IReadOnlyDictionary<string, string?>> SeeAsync(
        GantryClient client,
        string root,
        CancellationToken cancellationToken)
    {
        NamespaceClient scope = client.In(Core.Namespaces.Namespace.Parse(Namespace));
        Dictionary<string, string?> seen = new(StringComparer.Ordinal);
        foreach (ImageRecord image in await scope.Images.ListAsync([], cancellationToken))
        {
            seen[image.Name] = await DescribeAsync(scope, image, root, cancellationToken);
        }

        return seen;
    }

    public void Dispose() => Turn.Dispose();

    private async Task RunAsync(string[] arguments)
    {
        BufferedCommandResult result = await Cli.Wrap(Path.Combine(GantryDaemon.BinDirectory, "gantry"))
            .WithArguments(["-a", socket, "-n", Namespace, .. arguments])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync();
        if (result.ExitCode != 0)
        {
            throw new IOException(result.StandardError);
        }
    }

    private static async Task<string> DescribeAsync(
        NamespaceClient scope,
        ImageRecord image,
        string root,
        CancellationToken cancellationToken)
    {
        try
        {
            ImageManifest manifest = OciJson.ParseManifest(
                await ReadAsync(scope, image.Target.Digest, cancellationToken));
            ImageConfig config = OciJson.ParseConfig(await ReadAsync(scope, manifest.Config.Digest, cancellationToken));
            foreach (Descriptor layer in manifest.Layers)
            {
                await ReadAsync(scope, layer.Digest, cancellationToken);
            }

            Digest top = ChainId.Of(config.DiffIds);
            ISnapshotter snapshots = scope.Snapshots("overlayfs");
            SnapshotInfo info = await snapshots.StatAsync(top.ToString(), cancellationToken);
            string tag = image.Name[(image.Name.LastIndexOf(':') + 1)..];
            string key = "look-" + Guid.NewGuid().ToString("N");
            IReadOnlyList<Core.Mounts.Mount> mounts = await snapshots.ViewAsync(
                key, top.ToString(), new Dictionary<string, string>(), cancellationToken);
            string lower = mounts[0].Options.FirstOrDefault(o => o.StartsWith("lowerdir=", StringComparison.Ordinal))
                ?["lowerdir=".Length..].Split(':')[0] ?? mounts[0].Source;
            string text = await File.ReadAllTextAsync(Path.Combine(lower, "tag"), cancellationToken);
            long length = new FileInfo(Path.Combine(lower, tag)).Length;
            await snapshots.RemoveAsync(key, cancellationToken);
            return info.Kind == SnapshotKind.Committed && text == tag && length == 400_000
                ? "whole"
                : $"unpacked badly: {info.Kind} {text} {length} below {root}";
        }
        catch (Exception e) when (e is GantryException or IOException)
        {
            return $"not whole: {e.Message}";
        }
    }

    private static async Task<byte[]> ReadAsync(NamespaceClient scope, Digest digest, CancellationToken cancellationToken)
    {
        await using Stream stream = await scope.Content.OpenReaderAsync(digest, cancellationToken);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, cancellationToken);
        Assert.Equal(digest, Digest.OfBytes(bytes.ToArray()));
        return bytes.ToArray();
    }
}
