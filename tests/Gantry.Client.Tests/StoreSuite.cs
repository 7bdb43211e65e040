using System.Security.Cryptography;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Plugins;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>What the client promises of a daemon's stores, whichever daemon it is.</summary>
public abstract class StoreSuite(DaemonFixture fixture) : IAsyncLifetime
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>What nothing refers to could be collected before it is looked at: tests beside this one remove images.</summary>
    private static readonly Dictionary<string, string> Kept = new(StringComparer.Ordinal) { ["containerd.io/gc.root"] = "test" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private NamespaceClient Scope => fixture.Client.In(Namespace.Default);

    public async ValueTask InitializeAsync() => await fixture.ReadyAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_daemon_tells_who_it_is()
    {
        DaemonVersion version = await fixture.Client.VersionAsync(Token);
        DaemonInfo info = await fixture.Client.InfoAsync(Token);
        IReadOnlyList<PluginInfo> plugins =
            await fixture.Client.PluginsAsync(["type==io.containerd.snapshotter.v1,id==overlayfs"], Token);

        Assert.NotEmpty(version.Version);
        Assert.NotEmpty(info.Uuid);
        Assert.Equal("overlayfs", Assert.Single(plugins).Id);
        Assert.True(await fixture.Client.IsServingAsync(Token));
    }

    [Fact]
    public async Task Content_of_several_chunks_is_read_back_from_anywhere()
    {
        byte[] data = RandomNumberGenerator.GetBytes((5 << 20) + 13);
        Digest digest = Digest.OfBytes(data);

        await WriteAsync("several-chunks", data, digest);

        await using Stream stream = await Scope.Content.OpenReaderAsync(digest, Token);
        byte[] read = new byte[data.Length];
        await stream.ReadExactlyAsync(read, Token);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Token));
        Assert.Equal(data, read);

        stream.Seek(-100, SeekOrigin.End);
        byte[] tail = new byte[100];
        await stream.ReadExactlyAsync(tail, Token);
        Assert.Equal(data[^100..], tail);
        Assert.Equal(data.Length, stream.Length);
    }

    [Fact]
    public async Task An_ingest_goes_on_where_it_was_left()
    {
        byte[] data = RandomNumberGenerator.GetBytes(3 << 20);
        Digest digest = Digest.OfBytes(data);
        await using (IContentWriter first = await Scope.Content.OpenWriterAsync("goes-on", data.Length, digest, Token))
        {
            await first.WriteAsync(data.AsMemory(0, 1_000_000), Token);
        }

        await using IContentWriter second = await Scope.Content.OpenWriterAsync("goes-on", data.Length, digest, Token);
        Assert.Equal(1_000_000, second.Status.Offset);
        await second.WriteAsync(data.AsMemory(1_000_000), Token);
        await second.CommitAsync(data.Length, digest, Kept, Token);

        Assert.Equal(data.Length, (await Scope.Content.InfoAsync(digest, Token)).Size);
    }

    [Fact]
    public async Task A_restarted_ingest_holds_only_what_came_after()
    {
        byte[] data = RandomNumberGenerator.GetBytes(1000);
        Digest digest = Digest.OfBytes(data);
        await using IContentWriter writer = await Scope.Content.OpenWriterAsync("restarted", 0, default, Token);
        await writer.WriteAsync(RandomNumberGenerator.GetBytes(2000), Token);

        await writer.RestartAsync(Token);
        await writer.WriteAsync(data, Token);
        await writer.CommitAsync(data.Length, digest, Kept, Token);

        Assert.Equal(1000, (await Scope.Content.InfoAsync(digest, Token)).Size);
    }

    [Fact]
    public async Task A_ref_has_one_writer_at_a_time()
    {
        await using IContentWriter writer = await Scope.Content.OpenWriterAsync("one-writer", 0, default, Token);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => Scope.Content.OpenWriterAsync("one-writer", 0, default, Token));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        await writer.DisposeAsync();
        await Scope.Content.AbortAsync("one-writer", Token);
    }

    [Fact]
    public async Task Content_that_is_not_what_it_should_be_is_refused()
    {
        await using (IContentWriter writer = await Scope.Content.OpenWriterAsync("wrong", 0, default, Token))
        {
            await writer.WriteAsync(new byte[10], Token);

            GantryException error = await Assert.ThrowsAsync<GantryException>(
                () => writer.CommitAsync(10, Digest.OfBytes([1, 2, 3]), NoLabels, Token));

            Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        }

        await AbortIfThereAsync("wrong");
    }

    [Fact]
    public async Task Content_that_is_there_needs_no_writing()
    {
        byte[] data = RandomNumberGenerator.GetBytes(100);
        Digest digest = Digest.OfBytes(data);
        await WriteAsync("there", data, digest);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => Scope.Content.OpenWriterAsync("there-again", data.Length, digest, Token));

        Assert.Equal(ErrorKind.AlreadyExists, error.Kind);
    }

    [Fact]
    public async Task Content_that_is_not_there_is_not_found()
    {
        Digest digest = Digest.OfBytes(RandomNumberGenerator.GetBytes(10));

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => Scope.Content.OpenReaderAsync(digest, Token));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.EndsWith("not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_of_content_change_by_the_mask()
    {
        byte[] data = RandomNumberGenerator.GetBytes(100);
        Digest digest = Digest.OfBytes(data);
        await WriteAsync("labelled", data, digest, new() { ["keep"] = "1", ["drop"] = "2" });
        ContentInfo info = await Scope.Content.InfoAsync(digest, Token);

        await Scope.Content.UpdateAsync(
            info with { Labels = new Dictionary<string, string> { ["drop"] = "", ["new"] = "3" } },
            new FieldMask(["labels.drop", "labels.new"]),
            Token);

        info = await Scope.Content.InfoAsync(digest, Token);
        Assert.Equal("1", info.Labels["keep"]);
        Assert.Equal("3", info.Labels["new"]);
        Assert.DoesNotContain("drop", info.Labels.Keys);
        Assert.Contains(await Scope.Content.ListAsync(["labels.new==3"], Token).ToListAsync(Token), c => c.Digest == digest);
    }

    [Fact]
    public async Task Images_are_made_changed_and_removed()
    {
        Descriptor target = (await Scope.Images.GetAsync(fixture.Image, Token)).Target;
        ImageRecord image = new("test.example/x:1", target, new Dictionary<string, string> { ["a"] = "b" });

        await Scope.Images.CreateAsync(image, Token);
        GantryException again =
            await Assert.ThrowsAsync<GantryException>(() => Scope.Images.CreateAsync(image, Token));
        Assert.Contains(await Scope.Images.ListAsync(["name==test.example/x:1"], Token), i => i.Labels["a"] == "b");
        await Scope.Images.DeleteAsync(image.Name, synchronous: true, target: null, Token);
        GantryException gone =
            await Assert.ThrowsAsync<GantryException>(() => Scope.Images.GetAsync(image.Name, Token));

        Assert.Equal(ErrorKind.AlreadyExists, again.Kind);
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
    }

    [Fact]
    public async Task Namespaces_are_made_listed_and_removed_when_empty()
    {
        Namespace name = Namespace.Parse("made-by-test");
        await fixture.Client.Namespaces.CreateAsync(
            new NamespaceInfo(name, new Dictionary<string, string> { ["k"] = "v" }), Token);

        Assert.Contains(await fixture.Client.Namespaces.ListAsync([], Token), n => n.Name == name);
        Assert.Equal("v", (await fixture.Client.Namespaces.GetAsync(name, Token)).Labels["k"]);
        await fixture.Client.Namespaces.DeleteAsync(name, Token);
        GantryException full = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Client.Namespaces.DeleteAsync(Namespace.Default, Token));

        Assert.Equal(ErrorKind.FailedPrecondition, full.Kind);
    }

    [Fact]
    public async Task A_lease_keeps_what_is_made_under_it()
    {
        Lease lease = await Scope.Leases.CreateAsync("", NoLabels, Token);
        NamespaceClient leased = fixture.Client.In(Namespace.Default, lease.Id);

        await leased.Snapshots("overlayfs").PrepareAsync("leased", "", NoLabels, Token);

        LeaseResource resource = Assert.Single(await Scope.Leases.ListResourcesAsync(lease.Id, Token));
        Assert.Equal(new LeaseResource("leased", "snapshots/overlayfs"), resource);
        await Scope.Leases.DeleteAsync(lease.Id, synchronous: true, Token);
        await Assert.ThrowsAsync<GantryException>(() => Scope.Snapshots("overlayfs").StatAsync("leased", Token));
    }

    [Fact]
    public async Task A_snapshot_goes_from_active_to_committed_to_gone()
    {
        Lease lease = await Scope.Leases.CreateAsync("", NoLabels, Token);
        ISnapshotter snapshots = fixture.Client.In(Namespace.Default, lease.Id).Snapshots("overlayfs");

        Mount mount = Assert.Single(await snapshots.PrepareAsync("work", "", NoLabels, Token));
        await snapshots.CommitAsync("done", "work", "", NoLabels, Token);
        SnapshotInfo done = await snapshots.StatAsync("done", Token);
        Mount view = Assert.Single(await snapshots.ViewAsync("look", "done", NoLabels, Token));
        GantryException taken = await Assert.ThrowsAsync<GantryException>(
            () => snapshots.PrepareAsync("look", "done", NoLabels, Token));
        GantryException orphan = await Assert.ThrowsAsync<GantryException>(
            () => snapshots.PrepareAsync("other", "absent", NoLabels, Token));
        GantryException parent = await Assert.ThrowsAsync<GantryException>(() => snapshots.RemoveAsync("done", Token));

        Assert.Equal("bind", mount.Type);
        Assert.Equal(SnapshotKind.Committed, done.Kind);
        Assert.Contains("ro", view.Options);
        Assert.Equal(ErrorKind.AlreadyExists, taken.Kind);
        Assert.Equal(ErrorKind.NotFound, orphan.Kind);
        Assert.Equal(ErrorKind.FailedPrecondition, parent.Kind);
        await snapshots.RemoveAsync("look", Token);
        await snapshots.RemoveAsync("done", Token);
        await Scope.Leases.DeleteAsync(lease.Id, synchronous: false, Token);
    }

    [Fact]
    public async Task Events_come_to_those_who_asked_for_them()
    {
        Namespace name = Namespace.Parse("events-of-test");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        IAsyncEnumerable<EventEnvelope> events =
            fixture.Client.Events.Subscribe(["topic==\"/test/ping\""], stop.Token);
        Task<EventEnvelope> first = events.FirstAsync(stop.Token).AsTask();

        // The daemon has the subscription at some time after the call: publish until it shows.
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        TypedBytes payload = new("test.Ping", new byte[] { 10, 1, 65 });
        do
        {
            await fixture.Client.Events.PublishAsync(name, "/test/ping", payload, Token);
            await timer.WaitForNextTickAsync(Token);
        }
        while (!first.IsCompleted);

        EventEnvelope seen = await first;
        Assert.Equal(name, seen.Namespace);
        Assert.Equal("test.Ping", seen.Event.TypeUrl);
        Assert.Equal(payload.Value.ToArray(), seen.Event.Value.ToArray());
        await stop.CancelAsync();
    }

    [Fact]
    public async Task A_call_that_is_cancelled_ends_as_cancelled()
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Scope.Images.ListAsync([], cancelled.Token));
    }

    private async Task WriteAsync(
        string reference,
        byte[] data,
        Digest digest,
        Dictionary<string, string>? labels = null)
    {
        Dictionary<string, string> all = new(Kept.Concat(labels ?? []), StringComparer.Ordinal);
        await using IContentWriter writer =
            await Scope.Content.OpenWriterAsync(reference, data.Length, digest, Token);
        await writer.WriteAsync(data, Token);
        await writer.CommitAsync(data.Length, digest, all, Token);
    }

    private async Task AbortIfThereAsync(string reference)
    {
        try
        {
            await Scope.Content.AbortAsync(reference, Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // A daemon may throw a refused ingest away by itself.
        }
    }
}
