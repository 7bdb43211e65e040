using System.Globalization;
using Gantry.Core;
using Gantry.Core.Collection;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Gc;

public sealed class CollectionTests
{
    private const string GcRoot = "containerd.io/gc.root";

    [Fact]
    public async Task An_image_keeps_all_that_it_is_made_of_and_takes_it_along()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "chain1", "");
        await CommitAsync(snapshots, "chain2", "chain1");
        Digest layer = await PutAsync(store.Default.Content, "layer");
        Digest config = await PutAsync(
            store.Default.Content, "config", ("containerd.io/gc.ref.snapshot.overlayfs", "chain2"));
        Digest manifest = await PutAsync(
            store.Default.Content,
            "manifest",
            ("containerd.io/gc.ref.content.config", config.ToString()),
            ("containerd.io/gc.ref.content.l.0", layer.ToString()));
        Digest stray = await PutAsync(store.Default.Content, "stray");
        await store.Default.Images.CreateAsync(Image("i", manifest), Token);

        CollectionReport first = await store.CollectAsync();
        Assert.Equal([new RemovedKind("content", 1, 5), new RemovedKind("blob", 1, 5)], first.Removed);
        Assert.False(store.HasFile(stray));
        Assert.True(store.HasFile(layer) && store.HasFile(config) && store.HasFile(manifest));
        Assert.Equal(2, store.Driver.Ids.Count);

        await store.Default.Images.DeleteAsync("i", synchronous: true, null, Token);
        Assert.False(store.HasFile(layer) || store.HasFile(config) || store.HasFile(manifest));
        Assert.Empty(store.Driver.Ids);
        await FailsAsync(ErrorKind.NotFound, () => snapshots.StatAsync("chain1", Token));
    }

    [Fact]
    public async Task A_container_keeps_its_snapshot_and_what_lies_below()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "base", "");
        await snapshots.PrepareAsync("rootfs", "base", NoLabels, Token);
        await snapshots.PrepareAsync("nobody", "base", NoLabels, Token);
        await store.Default.Containers.CreateAsync(Container("c", "overlayfs", "rootfs"), Token);

        await store.CollectAsync();
        Assert.Equal([1L, 2], store.Driver.Ids);

        await store.Default.Containers.DeleteAsync("c", Token);
        await store.CollectAsync();
        Assert.Empty(store.Driver.Ids);
    }

    [Fact]
    public async Task A_label_gc_root_keeps_content_and_snapshots()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest child = await PutAsync(store.Default.Content, "child");
        Digest kept = await PutAsync(
            store.Default.Content, "kept", (GcRoot, "x"), ("containerd.io/gc.ref.content", child.ToString()));
        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", Label((GcRoot, "2024-01-01T00:00:00Z")), Token);

        await store.CollectAsync();

        Assert.True(store.HasFile(kept) && store.HasFile(child));
        Assert.Equal([1L], store.Driver.Ids);
    }

    [Fact]
    public async Task A_lease_keeps_what_it_lists_and_what_that_refers_to()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);
        Digest child = await PutAsync(store.Default.Content, "child");
        Digest listed = await PutAsync(
            store.Under("l").Content, "listed", ("containerd.io/gc.ref.content.0", child.ToString()));

        await store.CollectAsync();
        Assert.True(store.HasFile(listed) && store.HasFile(child));

        await store.Default.Leases.DeleteAsync("l", synchronous: true, Token);
        Assert.False(store.HasFile(listed) || store.HasFile(child));
    }

    [Fact]
    public async Task A_flat_lease_keeps_what_it_lists_and_the_parents_of_that()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await store.Default.Leases.CreateAsync("l", Label(("containerd.io/gc.flat", "true")), Token);
        Digest child = await PutAsync(store.Default.Content, "child");
        Digest listed = await PutAsync(
            store.Under("l").Content, "listed", ("containerd.io/gc.ref.content.0", child.ToString()));
        await CommitAsync(snapshots, "base", "");
        await store.Under("l").Snapshots("overlayfs").PrepareAsync("k", "base", NoLabels, Token);

        await store.CollectAsync();

        Assert.True(store.HasFile(listed));
        Assert.False(store.HasFile(child));
        Assert.Equal([1L, 2], store.Driver.Ids);
    }

    [Fact]
    public async Task An_expired_lease_goes_and_takes_along_what_it_kept()
    {
        await using TestStore store = await TestStore.OpenAsync();
        string expiry = store.Time.GetUtcNow().AddHours(1).ToString("O", CultureInfo.InvariantCulture);
        await store.Default.Leases.CreateAsync("l", Label(("containerd.io/gc.expire", expiry)), Token);
        Digest digest = await PutAsync(store.Under("l").Content, "x");

        await store.CollectAsync();
        Assert.True(store.HasFile(digest));

        store.Time.Advance(TimeSpan.FromHours(2));
        await store.CollectAsync();
        Assert.False(store.HasFile(digest));
        Assert.Empty(await store.Default.Leases.ListAsync([], Token));
    }

    [Fact]
    public async Task An_image_that_has_expired_goes_unless_something_refers_to_it()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest one = await PutAsync(store.Default.Content, "one");
        Digest two = await PutAsync(store.Default.Content, "two");
        Digest keeper = await PutAsync(
            store.Default.Content, "keeper", (GcRoot, "1"), ("containerd.io/gc.ref.image", "kept"));
        (string, string) expired = ("containerd.io/gc.expire", "2020-01-01T00:00:00.123456789Z");
        await store.Default.Images.CreateAsync(Image("gone", one, expired), Token);
        await store.Default.Images.CreateAsync(Image("kept", two, expired), Token);

        await store.CollectAsync();

        Assert.Equal(["kept"], (await store.Default.Images.ListAsync([], Token)).Select(image => image.Name));
        Assert.False(store.HasFile(one));
        Assert.True(store.HasFile(two) && store.HasFile(keeper));
    }

    [Fact]
    public async Task A_back_reference_keeps_its_owner_as_long_as_the_other_lives()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest manifest = await PutAsync(store.Default.Content, "manifest");
        Digest referrer = await PutAsync(
            store.Default.Content, "signature", ("containerd.io/gc.bref.content.x", manifest.ToString()));
        await store.Default.Images.CreateAsync(Image("i", manifest), Token);

        await store.CollectAsync();
        Assert.True(store.HasFile(referrer));

        await store.Default.Images.DeleteAsync("i", synchronous: true, null, Token);
        Assert.False(store.HasFile(referrer));
    }

    [Fact]
    public async Task References_that_go_in_a_circle_do_not_keep_one_another()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest a = Digest.OfBytes("a"u8);
        Digest b = await PutAsync(store.Default.Content, "b", ("containerd.io/gc.ref.content.a", a.ToString()));
        await PutAsync(store.Default.Content, "a", ("containerd.io/gc.ref.content.b", b.ToString()));

        await store.CollectAsync();

        Assert.False(store.HasFile(a) || store.HasFile(b));
    }

    [Fact]
    public async Task Content_of_another_namespace_is_not_kept_by_references()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.In("other").Content, "x");
        await store.Default.Images.CreateAsync(Image("i", digest), Token);

        await store.CollectAsync();

        await FailsAsync(ErrorKind.NotFound, () => store.In("other").Content.InfoAsync(digest, Token));
    }

    [Fact]
    public async Task A_label_that_is_taken_away_no_longer_keeps()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x", (GcRoot, "1"));
        ContentInfo info = await store.Default.Content.InfoAsync(digest, Token);

        await store.Default.Content.UpdateAsync(info with { Labels = NoLabels }, FieldMask.Empty, Token);
        await store.CollectAsync();

        Assert.False(store.HasFile(digest));
    }

    [Fact]
    public async Task A_young_ingest_stays_and_an_old_one_goes_but_not_under_its_writer()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await (await store.Default.Content.OpenWriterAsync("idle", 0, default, Token)).DisposeAsync();
        await using IContentWriter open = await store.Default.Content.OpenWriterAsync("open", 0, default, Token);

        await store.CollectAsync();
        Assert.Equal(2, store.IngestDirectories());

        store.Time.Advance(TimeSpan.FromHours(25));
        await store.CollectAsync();
        Assert.Equal("open", Assert.Single(await store.Default.Content.ListStatusesAsync([], Token)).Ref);
        Assert.Equal(1, store.IngestDirectories());
    }

    [Fact]
    public async Task A_leased_ingest_lives_as_long_as_its_lease()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync("l", NoLabels, Token);
        await (await store.Under("l").Content.OpenWriterAsync("r", 0, default, Token)).DisposeAsync();
        store.Time.Advance(TimeSpan.FromDays(3));

        await store.CollectAsync();
        Assert.Equal(1, store.IngestDirectories());

        await store.Default.Leases.DeleteAsync("l", synchronous: true, Token);
        Assert.Equal(0, store.IngestDirectories());
    }

    [Fact]
    public async Task A_blob_that_is_being_shared_is_not_unlinked_under_its_writer()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");
        await using IContentWriter writer = await store.In("other").Content.OpenWriterAsync("r", 0, digest, Token);

        await store.CollectAsync();
        await writer.CommitAsync(1, digest, Label((GcRoot, "1")), Token);
        await store.CollectAsync();

        Assert.Equal("x", await ReadAsync(store.In("other").Content, digest));
    }

    [Fact]
    public async Task Blobs_without_a_record_are_unlinked_after_a_start()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest stray = Digest.OfBytes("stray"u8);
        Digest kept = await PutAsync(store.Default.Content, "kept", (GcRoot, "1"));
        string path = Path.Combine(store.Store.ContentRoot, "blobs/sha256", stray.Hex);
        await File.WriteAllTextAsync(path, "stray", Token);
        await store.ReopenAsync();

        await RunUntilAsync(store, () => !File.Exists(path));

        Assert.True(store.HasFile(kept));
    }

    [Fact]
    public async Task A_deletion_brings_about_a_collection_by_itself()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");
        await store.Default.Images.CreateAsync(Image("i", digest), Token);
        await store.Default.Images.DeleteAsync("i", synchronous: false, null, Token);

        await RunUntilAsync(store, () => !store.HasFile(digest));

        await FailsAsync(ErrorKind.NotFound, () => store.Default.Content.InfoAsync(digest, Token));
    }

    [Fact]
    public async Task What_is_used_while_collections_run_is_never_taken_away()
    {
        await using TestStore store = await TestStore.OpenAsync();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task collecting = CollectUntilAsync(store, stop.Token);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => UseAsync(store, worker)));
        await stop.CancelAsync();
        await collecting;
    }

    [Fact]
    public async Task What_gets_an_owner_between_mark_and_sweep_stays_with_all_that_it_keeps()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest child = await PutAsync(store.Default.Content, "child");
        Digest parent = await PutAsync(store.Default.Content, "parent", ("containerd.io/gc.ref.content", child.ToString()));
        Digest referrer = await PutAsync(store.Default.Content, "x", ("containerd.io/gc.bref.content", child.ToString()));
        Digest stray = await PutAsync(store.Default.Content, "stray");

        await CollectAndMeanwhileAsync(store, () => store.Default.Images.CreateAsync(Image("i", parent), Token));

        Assert.True(store.HasFile(parent) && store.HasFile(child) && store.HasFile(referrer));
        Assert.False(store.HasFile(stray));
    }

    [Fact]
    public async Task An_image_that_stops_to_expire_between_mark_and_sweep_stays_whole()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest digest = await PutAsync(store.Default.Content, "x");
        await store.Default.Images.CreateAsync(
            Image("i", digest, ("containerd.io/gc.expire", "2020-01-01T00:00:00Z")), Token);

        await CollectAndMeanwhileAsync(
            store,
            () => store.Default.Images.UpdateAsync(Image("i", digest), new FieldMask(["labels"]), Token));

        Assert.True(store.HasFile(digest));
        Assert.Equal(digest, (await store.Default.Images.GetAsync("i", Token)).Target.Digest);
    }

    /// <summary>
    /// Collects, and makes a change after the mark and before the sweep: the sweep asks for the time when it locks an
    /// ingest that has expired.
    /// </summary>
    private static async Task CollectAndMeanwhileAsync(TestStore store, Func<Task> change)
    {
        await (await store.Default.Content.OpenWriterAsync("expired", 0, default, Token)).DisposeAsync();
        store.Time.Advance(TimeSpan.FromHours(25));
        Task? changing = null;
        store.Time.OnSecondQuestion(() => changing = change());

        await store.CollectAsync();

        Assert.NotNull(changing);
        await changing;
        await store.CollectAsync();
    }

    /// <summary>Over and over: a layer and a manifest under a lease, an image, the lease gone, all still there.</summary>
    private static async Task UseAsync(TestStore store, int worker)
    {
        for (int round = 0; round < 25; round++)
        {
            string id = $"{worker}-{round % 3}";
            await store.Default.Leases.CreateAsync(id, NoLabels, Token);
            Digest layer = await PutOrFindAsync(store.Under(id).Content, $"layer {id}");
            Digest manifest = await PutOrFindAsync(
                store.Under(id).Content, $"manifest {id}", ("containerd.io/gc.ref.content.l.0", layer.ToString()));
            ISnapshotter snapshots = store.Under(id).Snapshots("overlayfs");
            await snapshots.PrepareAsync($"k {id}", "", NoLabels, Token);
            await store.Default.Images.CreateAsync(Image(id, manifest), Token);
            await store.Default.Containers.CreateAsync(Container(id, "overlayfs", $"k {id}"), Token);
            await store.Default.Leases.DeleteAsync(id, synchronous: false, Token);

            Assert.Equal($"layer {id}", await ReadAsync(store.Default.Content, layer));
            Assert.Equal($"manifest {id}", await ReadAsync(store.Default.Content, manifest));
            Assert.Equal(SnapshotKind.Active, (await snapshots.StatAsync($"k {id}", Token)).Kind);

            await store.Default.Images.DeleteAsync(id, synchronous: false, null, Token);
            await store.Default.Containers.DeleteAsync(id, Token);
            await store.Default.Snapshots("overlayfs").RemoveAsync($"k {id}", Token)
                .ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private static async Task<Digest> PutOrFindAsync(
        IContentStore content,
        string text,
        params (string Key, string Value)[] labels)
    {
        try
        {
            return await PutAsync(content, text, labels);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            return Digest.OfBytes(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    private static async Task CollectUntilAsync(TestStore store, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await store.Store.Collector.CollectAsync(CancellationToken.None);
        }
    }

    private static async Task RunUntilAsync(TestStore store, Func<bool> condition)
    {
        using CancellationTokenSource stop = new();
        Task running = store.Store.RunAsync(stop.Token);
        await Poll.UntilAsync(condition);
        await stop.CancelAsync();
        await running;
    }

    private static async Task CommitAsync(ISnapshotter snapshots, string name, string parent)
    {
        await snapshots.PrepareAsync($"extract {name}", parent, NoLabels, Token);
        await snapshots.CommitAsync(name, $"extract {name}", "", NoLabels, Token);
    }
}
