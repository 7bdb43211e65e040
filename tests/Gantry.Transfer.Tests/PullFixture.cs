using System.Collections.Concurrent;
using System.Text;
using Gantry.Archive;
using Gantry.Archive.Apply;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Distribution;
using Gantry.Linux.Mounts;
using Gantry.Oci.Image;
using Gantry.Snapshotters.Native;
using Gantry.Snapshotters.Overlay;
using Gantry.Storage.Metadata;
using Gantry.Testing;
using Gantry.Transfer.Import;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Push;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Transfer.Tests;

/// <summary>Real stores, real snapshotters and a real registry, all in a directory of the test's own.</summary>
internal sealed class PullFixture : IAsyncDisposable
{
    private readonly TempDirectory _directory;
    private readonly OverlayDriver _overlay;
    private readonly NativeDriver _native;
    private readonly NativeDriver _behindRemote;
    private readonly MetadataStore _store;
    private readonly RegistryClient _client;

    private PullFixture(
        TempDirectory directory,
        RegistryServer registry,
        OverlayDriver overlay,
        NativeDriver native,
        NativeDriver behindRemote,
        RemoteDriver remote,
        MetadataStore store)
    {
        _directory = directory;
        Registry = registry;
        _overlay = overlay;
        _native = native;
        _behindRemote = behindRemote;
        Remote = remote;
        _store = store;
        _client = new RegistryClient(new RegistryOptions { MaxAttempts = 2, RetryDelay = TimeSpan.FromMilliseconds(1) });
        Layout = new OciLayout(directory["layout"]);
        Puller = PullerOf(_client);
        Importer = new ImageImporter(
            lease => store.In(Namespace.Default, lease),
            new Unpacker(scope => new ContentDiffer(scope.Content, MountAsync)));
    }

    public RegistryServer Registry { get; }

    /// <summary>The driver of the snapshotter <c>remote</c>.</summary>
    public RemoteDriver Remote { get; }

    public OciLayout Layout { get; }

    public ImagePuller Puller { get; }

    public ImageImporter Importer { get; }

    public ImagePusher Pusher => new(_client, Scope);

    public INamespaceScope Scope => _store.In(Namespace.Default);

    public string Directory => _directory.Path;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<PullFixture> CreateAsync()
    {
        Needs.Root();
        RegistryServer registry = await RegistryServer.StartAsync(cancellationToken: Cancel);
        TempDirectory directory = new();
        OverlayDriver overlay = OverlayDriver.Create(
            directory["overlay"], new OverlayOptions(), NullLogger<OverlayDriver>.Instance, LayerAttacher.Attach);
        NativeDriver native = NativeDriver.Create(directory["native"], NullLogger<NativeDriver>.Instance);
        NativeDriver behindRemote = NativeDriver.Create(directory["remote"], NullLogger<NativeDriver>.Instance);
        RemoteDriver remote = new(behindRemote);
        System.IO.Directory.CreateDirectory(directory["root"]);
        MetadataStore store = await MetadataStore.OpenAsync(
            new MetadataStoreOptions(directory["root"]) { Drivers = [overlay, native, remote] }, Cancel);
        return new PullFixture(directory, registry, overlay, native, behindRemote, remote, store);
    }

    /// <summary>Adds an image of one layer to the layout, which has the file <c>f</c>.</summary>
    public static Descriptor AddImage(PullFixture fixture, string? tag, Platform platform, string content) =>
        fixture.Layout.AddImage(tag, platform, [ImageFactory.AddLayer(fixture.Layout, ("f", Encoding.UTF8.GetBytes(content)))]);

    /// <summary>Checks that a pull that failed has left nothing that a collection does not remove.</summary>
    public static async Task AssertFailedCleanlyAsync(PullFixture fixture)
    {
        Assert.Empty(await fixture.Scope.Images.ListAsync([], Cancel));

        // The failure of one part ends the others where they are; what they have is kept until it is collected.
        await fixture.AssertNothingHalfMadeAsync(ingestsToo: false);
        await fixture.CollectAsync();
        Assert.Empty(await fixture.ListContentAsync());
        Assert.Empty(await fixture.Scope.Content.ListStatusesAsync([], Cancel));
    }

    /// <summary>A puller with another registry client; it shares nothing else with others than the stores.</summary>
    /// <param name="client">The client.</param>
    /// <param name="differs">What applies layers; null for a differ of the usual kind.</param>
    public ImagePuller PullerOf(RegistryClient client, Func<INamespaceScope, IDiffer>? differs = null) => new(
        client,
        lease => _store.In(Namespace.Default, lease),
        differs ?? DifferOf);

    /// <summary>Pushes an image of the layout and says how to pull it.</summary>
    public async Task<PullRequest> PushAsync(string tag, string? snapshotter = "overlayfs", string? format = null)
    {
        string name = await Registry.PushAsync(Layout.Source(tag), $"team/app:{tag}", format, Cancel);
        return new PullRequest(Reference.Parse(name)) { Unpacks = snapshotter is null ? [] : [new UnpackTarget(snapshotter)] };
    }

    /// <summary>What applies layers.</summary>
    public IDiffer DifferOf(INamespaceScope scope) => new ContentDiffer(scope.Content, MountAsync);

    /// <summary>Runs a collection of garbage.</summary>
    public Task CollectAsync() => _store.Collector.CollectAsync(Cancel);

    /// <summary>The file in which the registry keeps a blob.</summary>
    public string RegistryFile(Digest digest) => Path.Combine(
        Registry.StorageDirectory, "docker/registry/v2/blobs/sha256", digest.Hex[..2], digest.Hex, "data");

    /// <summary>The names and contents of the regular files of a snapshot.</summary>
    public async Task<SortedDictionary<string, string>> ReadSnapshotAsync(string snapshotter, Digest chainId)
    {
        ISnapshotter snapshots = Scope.Snapshots(snapshotter);
        IReadOnlyList<Mount> mounts = await snapshots.ViewAsync(
            "look", chainId.ToString(), new Dictionary<string, string>(), Cancel);
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        await MountAsync(
            mounts,
            (root, _) =>
            {
                foreach (FileInfo file in new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories))
                {
                    files[Path.GetRelativePath(root, file.FullName)] = file.LinkTarget ?? File.ReadAllText(file.FullName);
                }

                return Task.CompletedTask;
            },
            Cancel);
        await snapshots.RemoveAsync("look", Cancel);
        return files;
    }

    /// <summary>Fails when a pull has left anything that is not part of an image.</summary>
    public async Task AssertNothingHalfMadeAsync(bool ingestsToo = true)
    {
        Assert.Empty(await Scope.Leases.ListAsync([], Cancel));
        foreach (string snapshotter in new[] { "overlayfs", "native" })
        {
            await foreach (SnapshotInfo info in Scope.Snapshots(snapshotter).ListAsync([], Cancel))
            {
                Assert.Equal(SnapshotKind.Committed, info.Kind);
            }
        }

        if (ingestsToo)
        {
            Assert.Empty(await Scope.Content.ListStatusesAsync([], Cancel));
        }
    }

    public async Task<List<ContentInfo>> ListContentAsync()
    {
        List<ContentInfo> all = [];
        await foreach (ContentInfo info in Scope.Content.ListAsync([], Cancel))
        {
            all.Add(info);
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _store.DisposeAsync();
        await _overlay.DisposeAsync();
        await _native.DisposeAsync();
        await _behindRemote.DisposeAsync();
        await Registry.DisposeAsync();
        _directory.Dispose();
    }

    private async Task MountAsync(
        IReadOnlyList<Mount> mounts,
        Func<string, CancellationToken, Task> action,
        CancellationToken cancellationToken)
    {
        string target = System.IO.Directory.CreateDirectory(_directory["mnt-" + Guid.NewGuid().ToString("N")]).FullName;
        Mount mount = Assert.Single(mounts);
        MountCalls.Mount(mount.Type, mount.Source, target, mount.Options);
        try
        {
            await action(target, cancellationToken);
        }
        finally
        {
            // A program that another test is starting holds, until its exec, what was open when it was forked.
            await Poll.UntilAsync(() => LoopFilesystem.TryUnmount(target), $"{target} can be unmounted");
            System.IO.Directory.Delete(target);
        }
    }

    /// <summary>Keeps all records, in the order in which they came.</summary>
    internal sealed class Recorder(Action<PullProgress>? also = null) : IProgress<PullProgress>
    {
        private readonly ConcurrentQueue<PullProgress> _records = new();

        public IReadOnlyList<PullProgress> Records => [.. _records];

        public void Report(PullProgress value)
        {
            _records.Enqueue(value);
            also?.Invoke(value);
        }
    }
}
