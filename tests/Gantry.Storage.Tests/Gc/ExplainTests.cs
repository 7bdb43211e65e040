using Gantry.Core.Collection;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Gc;

public sealed class ExplainTests
{
    [Fact]
    public async Task A_layer_is_explained_by_the_way_from_its_image()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest layer = await PutAsync(store.Default.Content, "layer");
        Digest manifest = await PutAsync(
            store.Default.Content, "manifest", ("containerd.io/gc.ref.content.l.0", layer.ToString()));
        await store.Default.Images.CreateAsync(Image("i", manifest), Token);

        Explanation explanation = await ExplainAsync(store, layer.ToString());

        Assert.True(explanation.IsKept);
        Assert.Equal("kept by image i", explanation.Summary);
        Assert.Equal(
            [
                new ExplainedLink("image", "i", "an image", true),
                new ExplainedLink("content", manifest.ToString(), "target of the image", true),
                new ExplainedLink("content", layer.ToString(), "label containerd.io/gc.ref.content.l.0", true),
            ],
            explanation.Chain);
        ExplainedLink holder = Assert.Single(explanation.Holders);
        Assert.Equal(("content", "label containerd.io/gc.ref.content.l.0"), (holder.Kind, holder.Reason));
    }

    [Fact]
    public async Task A_snapshot_is_explained_by_the_container_above_it()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync("a", "", NoLabels, Token);
        await snapshots.CommitAsync("base", "a", "", NoLabels, Token);
        await snapshots.PrepareAsync("rootfs", "base", NoLabels, Token);
        await store.Default.Containers.CreateAsync(Container("c", "overlayfs", "rootfs"), Token);

        Explanation explanation = await ExplainAsync(store, "base", "overlayfs");

        Assert.Equal(
            ["a container", "root filesystem of the container", "parent of the snapshot"],
            explanation.Chain.Select(link => link.Reason));
        Assert.Equal("overlayfs/base", explanation.Key);
    }

    [Fact]
    public async Task Leases_labels_and_writers_explain_what_they_keep()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Leases.CreateAsync(
            "flat",
            Label(("containerd.io/gc.flat", "1"), ("containerd.io/gc.expire", "2200-01-01T00:00:00Z")),
            Token);
        Digest leased = await PutAsync(store.Under("flat").Content, "leased");
        Digest root = await PutAsync(store.Default.Content, "root", ("containerd.io/gc.root", "1"));
        Digest back = await PutAsync(
            store.Default.Content, "back", ("containerd.io/gc.bref.content", root.ToString()));
        await using (await store.Default.Content.OpenWriterAsync("ref", 0, default, Token))
        {
        }

        Assert.Equal(
            ["a flat lease, until 2200-01-01T00:00:00Z", "resource of the lease"],
            (await ExplainAsync(store, leased.ToString())).Chain.Select(link => link.Reason));
        Assert.Equal("kept by itself: label containerd.io/gc.root", (await ExplainAsync(store, root.ToString())).Summary);
        Assert.Equal(
            "its own label containerd.io/gc.bref.content",
            (await ExplainAsync(store, back.ToString())).Chain[^1].Reason);
        Assert.Equal("ingest", (await ExplainAsync(store, "ref")).Kind);
        Assert.True((await ExplainAsync(store, "flat")).IsKept);
    }

    [Fact]
    public async Task What_nothing_keeps_is_explained_by_what_is_missing()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest stray = await PutAsync(store.Default.Content, "stray");
        Digest holder = await PutAsync(
            store.Default.Content, "holder", ("containerd.io/gc.ref.content", stray.ToString()));
        await store.Default.Images.CreateAsync(
            Image("old", holder, ("containerd.io/gc.expire", "2001-01-01T00:00:00Z")), Token);

        Explanation image = await ExplainAsync(store, "old");
        Explanation content = await ExplainAsync(store, stray.ToString());

        Assert.False(image.IsKept);
        Assert.StartsWith("expired at 2001-01-01T00:00:00Z; it goes at the next", image.Summary, StringComparison.Ordinal);
        Assert.StartsWith("nothing keeps what refers to it; ", content.Summary, StringComparison.Ordinal);
        Assert.False(Assert.Single(content.Holders).IsKept);
        Assert.Empty(content.Chain);
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_not_found()
    {
        await using TestStore store = await TestStore.OpenAsync();
        Digest stray = await PutAsync(store.In("other").Content, "stray");

        await FailsAsync(ErrorKind.NotFound, () => ExplainAsync(store, stray.ToString()));
        GantryException error = await FailsAsync(ErrorKind.NotFound, () => ExplainAsync(store, "k", "overlayfs"));

        Assert.Equal("snapshot \"k\" of overlayfs in namespace \"default\": not found", error.Message);
    }

    private static Task<Explanation> ExplainAsync(TestStore store, string name, string snapshotter = "") =>
        store.Store.Collector.ExplainAsync(Namespace.Default, name, snapshotter, Token);
}
