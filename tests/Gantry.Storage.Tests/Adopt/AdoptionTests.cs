using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Storage.Adopt;
using Gantry.Storage.Metadata;
using Gantry.Storage.Tests.Bolt;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Adopt;

public sealed class AdoptionTests : IDisposable
{
    private const byte View = 1;
    private const byte Active = 2;
    private const byte Committed = 3;

    private readonly ContainerdRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task Records_are_taken_over_as_they_are()
    {
        byte[] spec = [.. "{\"any\": \"bytes\"}"u8, 0, 255];
        Digest blob = _root.AddBlob("one", "manifest", ("k", "v"));
        _root.AddImage("one", "docker.io/library/a:1", blob);
        BoltTree container = _root.AddContainer("one", "c", ContainerdRoot.Any("types.containerd.io/spec", spec));
        container.Under("runtime").Set("options", ContainerdRoot.Any("opts", [1, 2]));
        container.Under("extensions").Set("x", ContainerdRoot.Any("ext", [3]));
        container.Set("image", "docker.io/library/a:1").Set("sandboxid", "box");
        BoltTree sandbox = ContainerdRoot.Stamped(_root.Namespace("one").Under("sandboxes", "box"));
        sandbox.Set("sandboxer", "podsandbox").Set("spec", ContainerdRoot.Any("box-spec", spec));
        sandbox.Under("runtime").Set("name", "io.containerd.runc.v2").Set("options", ContainerdRoot.Any("box-opts", [4]));
        sandbox.Under("extensions").Set("y", ContainerdRoot.Any("box-ext", [5]));
        _root.AddLabels(sandbox, ("tier", "front"));
        ContainerdRoot.Stamped(_root.Namespace("two").Under("sandboxes", "bare"));
        _root.AddLabels(_root.Namespace("one"), ("team", "blue"), ("empty", ""));
        BoltTree lease = _root.Namespace("one").Under("leases", "l").Set("createdat", Stamp());
        lease.Under("content").Set(blob.ToString(), []);
        lease.Under("snapshots", "native").Set("s", []);
        _root.Namespace("two").Under("labels");
        _root.Save(transaction: 42);

        AdoptionReport report = Adoption.Run(_root.Options, TimeProvider.System);

        Assert.Equal((3, 42), (report.SchemaVersion, report.TransactionId));
        Assert.Equal(
            [new AdoptedNamespace("one", 1, 1, 1, 1, 8, 0, 0, 1, 0), new AdoptedNamespace("two", 0, 0, 1, 0, 0, 0, 0, 0, 0)],
            report.Namespaces);
        await using MetadataStore store = await OpenAsync();
        NamespaceInfo ns = Assert.Single(await store.Namespaces.ListAsync(["name==one"], Token));
        Assert.Equal(("team", "blue"), Assert.Single(ns.Labels.Select(label => (label.Key, label.Value))));
        INamespaceScope one = store.In(Namespace.Parse("one"));
        ContentInfo content = await one.Content.InfoAsync(blob, Token);
        Assert.Equal((8, ContainerdRoot.Time, "v"), (content.Size, content.CreatedAt, content.Labels["k"]));
        ImageRecord image = await one.Images.GetAsync("docker.io/library/a:1", Token);
        Assert.Equal((blob, 7, ContainerdRoot.Time), (image.Target.Digest, image.Target.Size, image.CreatedAt));
        ContainerRecord record = await one.Containers.GetAsync("c", Token);
        Assert.Equal(("types.containerd.io/spec", "opts", "ext"), (record.Spec!.TypeUrl, record.RuntimeOptions!.TypeUrl, record.Extensions["x"].TypeUrl));
        Assert.Equal(spec, record.Spec.Value.ToArray());
        Assert.Equal([1, 2], record.RuntimeOptions.Value.ToArray());
        Assert.Equal([3], record.Extensions["x"].Value.ToArray());
        Assert.Equal("box", record.Sandbox);
        SandboxRecord box = await one.Sandboxes.GetAsync("box", Token);
        Assert.Equal(("podsandbox", "io.containerd.runc.v2", ContainerdRoot.Time), (box.Sandboxer, box.RuntimeName, box.UpdatedAt));
        Assert.Equal(("box-spec", "box-opts", "box-ext"), (box.Spec!.TypeUrl, box.RuntimeOptions!.TypeUrl, box.Extensions["y"].TypeUrl));
        Assert.Equal(spec, box.Spec.Value.ToArray());
        Assert.Equal([4], box.RuntimeOptions.Value.ToArray());
        Assert.Equal([5], box.Extensions["y"].Value.ToArray());
        Assert.Equal("front", box.Labels["tier"]);
        SandboxRecord bare = Assert.Single(await store.In(Namespace.Parse("two")).Sandboxes.ListAsync([], Token));
        Assert.Equal(("bare", null, 0), (bare.Id, bare.Spec, bare.Extensions.Count));
        Assert.Equal(
            [new LeaseResource(blob.ToString(), "content"), new LeaseResource("s", "snapshots/native")],
            await one.Leases.ListResourcesAsync("l", Token));
        Assert.Equal(42, store.Adopted!.TransactionId);
    }

    [Fact]
    public async Task Snapshotters_whose_ids_are_the_same_keep_them()
    {
        foreach (string snapshotter in new[] { "overlayfs", "native" })
        {
            _root.AddSnapshot("ns", snapshotter, "z-base", "", 1, Committed);
            _root.AddSnapshot("ns", snapshotter, "mid", "z-base", 5, Committed);
            _root.AddSnapshot("ns", snapshotter, "a-top", "mid", 3, Active);
            _root.AddSnapshot("ns", snapshotter, "look", "mid", 4, View);
        }

        _root.Save();
        Adoption.Run(_root.Options, TimeProvider.System);
        DirectoryDriver overlay = Driver("overlayfs");
        DirectoryDriver native = Driver("native");
        await using MetadataStore store = await OpenAsync(overlay, native);

        foreach (DirectoryDriver driver in new[] { overlay, native })
        {
            ISnapshotter snapshots = store.In(Namespace.Parse("ns")).Snapshots(driver.Name);
            Assert.Equal("3:5:1", (await snapshots.MountsAsync("a-top", Token))[0].Source);
            Assert.Equal(new SnapshotUsage(3, 4096), await snapshots.UsageAsync("mid", Token));
            await snapshots.PrepareAsync("new", "mid", NoLabels, Token);
            Assert.Equal(5, driver.Ids.Count);
            Assert.True(driver.Ids[^1] > 5);
            await snapshots.RemoveAsync("look", Token);
            Assert.DoesNotContain(4, driver.Ids);
        }
    }

    [Fact]
    public async Task What_nothing_keeps_is_collected_and_the_rest_is_not()
    {
        Digest layer = _root.AddBlob("ns", "layer");
        Digest manifest = _root.AddBlob("ns", "manifest", ("containerd.io/gc.ref.content.l.0", layer.ToString()));
        Digest leased = _root.AddBlob("ns", "leased");
        Digest loose = _root.AddBlob("ns", "loose");
        _root.AddImage("ns", "i", manifest);
        _root.Namespace("ns").Under("leases", "l").Set("createdat", Stamp()).Under("content").Set(leased.ToString(), []);
        _root.AddSnapshot("ns", "overlayfs", "kept", "", 1, Active);
        _root.AddSnapshot("ns", "overlayfs", "loose", "", 2, Active);
        _root.AddContainer("ns", "c", ContainerdRoot.Any("t", []), "overlayfs", "kept");
        _root.Save();
        Adoption.Run(_root.Options, TimeProvider.System);
        DirectoryDriver driver = Driver("overlayfs");
        await using MetadataStore store = await OpenAsync(driver);

        await store.Collector.CollectAsync(Token);

        IContentStore content = store.In(Namespace.Parse("ns")).Content;
        foreach (Digest digest in new[] { layer, manifest, leased })
        {
            Assert.Equal(digest, (await content.InfoAsync(digest, Token)).Digest);
        }

        await FailsAsync(ErrorKind.NotFound, () => content.InfoAsync(loose, Token));
        Assert.Equal([1], driver.Ids);
    }

    [Fact]
    public async Task A_download_is_gone_on_with_where_containerd_left_it()
    {
        _root.AddIngest("ns", "layer", "the first half", total: 28, ContainerdRoot.Time.AddYears(50));
        _root.AddIngest("ns", "expired", "old", total: 0, ContainerdRoot.Time);
        _root.AddIngest("ns", "kept", "leased", total: 0, ContainerdRoot.Time);
        _root.Namespace("ns").Under("leases", "l").Set("createdat", Stamp()).Under("ingests").Set("kept", []);
        _root.Save();
        AdoptionReport report = Adoption.Run(_root.Options, TimeProvider.System);
        Assert.Equal(3, Assert.Single(report.Namespaces).Ingests);
        await using MetadataStore store = await OpenAsync();
        IContentStore content = store.In(Namespace.Parse("ns")).Content;

        await store.Collector.CollectAsync(Token);

        Assert.Equal(["kept", "layer"], (await content.ListStatusesAsync([], Token)).Select(status => status.Ref));
        IngestStatus status = await content.StatusAsync("layer", Token);
        Assert.Equal((14, 28, ContainerdRoot.Time), (status.Offset, status.Total, status.StartedAt));
        byte[] whole = "the first halfthe other half"u8.ToArray();
        Digest digest = Digest.OfBytes(whole);
        await using (IContentWriter writer = await content.OpenWriterAsync("layer", 28, digest, Token))
        {
            Assert.Equal(14, writer.Status.Offset);
            await writer.WriteAsync(whole.AsMemory(14), Token);
            await writer.CommitAsync(28, digest, new Dictionary<string, string>(), Token);
        }

        Assert.Equal(28, (await content.InfoAsync(digest, Token)).Size);
    }

    [Fact]
    public void What_cannot_be_taken_over_is_told()
    {
        Digest gone = _root.AddBlob("ns", "gone");
        Digest shorter = _root.AddBlob("ns", "short");
        string blobs = Path.Combine(_root.Root, "io.containerd.content.v1.content/blobs/sha256");
        File.Delete(Path.Combine(blobs, gone.Hex));
        File.WriteAllText(Path.Combine(blobs, shorter.Hex), "s");
        _root.AddSnapshot("ns", "zfs", "z", "", 1, Active);
        _root.AddSnapshot("ns", "overlayfs", "interrupted", "", 0, Active);
        _root.Namespace("ns").Under("content", "ingests", "download").Set("ref", "ns/1/download");
        _root.Namespace("ns").Under("boxes", "box").Set("x", "y");
        _root.Save();

        AdoptionReport report = Adoption.Plan(_root.Options);

        Assert.Equal(
            ["1 blob " + gone, "1 boxes", "1 ingests", "1 snapshots of overlayfs", "1 snapshots of zfs"],
            report.Skipped.Select(skip => $"{skip.Count} {skip.What}").Order(StringComparer.Ordinal));
        Assert.Equal($"ns: blob {shorter}: its file has 1 bytes, recorded are 5", Assert.Single(report.Warnings));
        Assert.False(File.Exists(_root.DatabasePath));
    }

    [Fact]
    public void A_snapshot_without_a_backend_that_has_children_stops_it()
    {
        _root.AddSnapshot("ns", "overlayfs", "base", "", 0, Committed);
        _root.AddSnapshot("ns", "overlayfs", "top", "base", 2, Active);
        _root.Save();

        Refused("ns: snapshot overlayfs/base: metadata.db of the snapshotter does not have it, and it has children: data loss");
    }

    [Fact]
    public void Snapshots_that_are_their_own_parents_stop_it()
    {
        _root.AddSnapshot("ns", "overlayfs", "a", "b", 1, Committed);
        _root.AddSnapshot("ns", "overlayfs", "b", "a", 2, Committed);
        _root.Save();

        Refused("ns: snapshot overlayfs/a: more than 4096 snapshots are below it: data loss");
    }

    [Fact]
    public void A_newer_schema_stops_it()
    {
        _root.Schema.Set("version", ContainerdRoot.Signed(5));
        _root.Save();

        Refused($"{_root.MetaPath}: containerd's schema version 5, known up to 4: not implemented");
    }

    [Fact]
    public void A_root_where_containerd_runs_stops_it()
    {
        _root.Save();
        using FileStream held = new(_root.MetaPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Refused($"{_root.MetaPath}: containerd still runs on this root: failed precondition");
    }

    [Fact]
    public async Task What_a_killed_attempt_has_left_is_made_anew()
    {
        _root.AddSnapshot("ns", "overlayfs", "a", "", 1, Active);
        _root.Save();
        foreach (string remains in new[] { ".adopting", ".adopting-wal", ".adopting-shm" })
        {
            await File.WriteAllTextAsync(_root.DatabasePath + remains, "half of something", Token);
        }

        Assert.True(Adoption.IsNeeded(_root.Root));
        Adoption.Run(_root.Options, TimeProvider.System);

        Assert.False(Adoption.IsNeeded(_root.Root));
        Assert.Equal(
            ["gantry.db", "meta.db"],
            Directory.GetFiles(Path.GetDirectoryName(_root.DatabasePath)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await using MetadataStore store = await OpenAsync(Driver("overlayfs"));
        Assert.Equal("a", (await store.In(Namespace.Parse("ns")).Snapshots("overlayfs").StatAsync("a", Token)).Name);
    }

    [Fact]
    public void A_root_is_taken_over_once()
    {
        _root.Save();
        Adoption.Run(_root.Options, TimeProvider.System);

        GantryException error = Assert.Throws<GantryException>(() => Adoption.Run(_root.Options, TimeProvider.System));

        Assert.Contains("has metadata of Gantry already", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Stamp() => (byte[])ContainerdRoot.Stamped(new BoltTree())["createdat"];

    private void Refused(string message)
    {
        GantryException error = Assert.Throws<GantryException>(() => Adoption.Run(_root.Options, TimeProvider.System));
        Assert.Equal(message, error.Message);
        Assert.True(Adoption.IsNeeded(_root.Root));
    }

    private DirectoryDriver Driver(string name) => new(Path.Combine(_root.SnapshotterRoot(name), "snapshots"), name);

    private Task<MetadataStore> OpenAsync(params IReadOnlyList<ISnapshotDriver> drivers) =>
        MetadataStore.OpenAsync(new MetadataStoreOptions(_root.Root) { Drivers = drivers }, Token);
}
