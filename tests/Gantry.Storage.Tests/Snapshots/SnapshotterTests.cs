using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Testing;
using Xunit;
using static Gantry.Storage.Tests.TestStore;

namespace Gantry.Storage.Tests.Snapshots;

public sealed class SnapshotterTests
{
    [Fact]
    public async Task A_chain_is_made_of_committed_snapshots()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "one", "");
        await CommitAsync(snapshots, "two", "one");

        IReadOnlyList<Mount> mounts = await snapshots.PrepareAsync("c", "two", NoLabels, Token);
        await store.ReopenAsync();
        snapshots = store.Default.Snapshots("overlayfs");

        Assert.Equal("3:2:1", Assert.Single(mounts).Source);
        Assert.Equal("3:2:1", Assert.Single(await snapshots.MountsAsync("c", Token)).Source);
        SnapshotInfo info = await snapshots.StatAsync("two", Token);
        Assert.Equal((SnapshotKind.Committed, "one"), (info.Kind, info.Parent));
        Assert.Equal(new SnapshotUsage(3, 4096), await snapshots.UsageAsync("two", Token));
        Assert.Equal(new SnapshotUsage(1, 512), await snapshots.UsageAsync("c", Token));
    }

    [Fact]
    public async Task A_directory_that_a_loss_of_power_took_from_an_active_snapshot_is_made_anew_at_start()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "base", "");
        await snapshots.PrepareAsync("active", "base", Label(("containerd.io/snapshot/x", "y"), ("other", "z")), Token);
        await snapshots.ViewAsync("view", "base", NoLabels, Token);
        string[] directories = [.. store.Driver.Ids.Select(id => Path.Combine(store.Driver.Root, $"{id}"))];
        Assert.Equal(3, directories.Length);
        Array.ForEach(directories, Directory.Delete);

        await store.ReopenAsync();

        // What was committed was synced: a directory with nothing in it would not be it.
        Assert.Equal([2L], store.Driver.Ids);
        Assert.Equal("containerd.io/snapshot/x", Assert.Single(store.Driver.SeenLabels.Last()).Key);
    }

    [Fact]
    public async Task A_snapshotter_that_there_is_not_is_an_InvalidArgument()
    {
        await using TestStore store = await TestStore.OpenAsync();

        GantryException error = Assert.Throws<GantryException>(() => store.Default.Snapshots("zfs"));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Equal("snapshotter not loaded: zfs: invalid argument", error.Message);
    }

    [Fact]
    public async Task Errors_have_containerds_words()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "one", "");
        await snapshots.PrepareAsync("active", "one", NoLabels, Token);
        await snapshots.ViewAsync("view", "one", NoLabels, Token);

        await SaysAsync(
            ErrorKind.NotFound, "snapshot x does not exist: not found", () => snapshots.StatAsync("x", Token));
        await SaysAsync(
            ErrorKind.AlreadyExists,
            "snapshot \"active\": already exists",
            () => snapshots.PrepareAsync("active", "", NoLabels, Token));
        await SaysAsync(
            ErrorKind.NotFound,
            "parent snapshot x does not exist: not found",
            () => snapshots.PrepareAsync("y", "x", NoLabels, Token));
        await SaysAsync(
            ErrorKind.InvalidArgument,
            "failed to create snapshot: parent \"active\" is not committed snapshot: invalid argument",
            () => snapshots.PrepareAsync("y", "active", NoLabels, Token));
        await SaysAsync(
            ErrorKind.FailedPrecondition,
            "failed to get active mount: requested snapshot one not active or view: failed precondition",
            () => snapshots.MountsAsync("one", Token));
        await SaysAsync(
            ErrorKind.FailedPrecondition,
            "cannot remove snapshot with child: failed precondition",
            () => snapshots.RemoveAsync("one", Token));
        await SaysAsync(
            ErrorKind.FailedPrecondition,
            "failed to commit snapshot: snapshot \"view\" is not active: failed precondition",
            () => snapshots.CommitAsync("z", "view", "", NoLabels, Token));
        await SaysAsync(
            ErrorKind.AlreadyExists,
            "snapshot \"one\": already exists",
            () => snapshots.CommitAsync("one", "active", "", NoLabels, Token));
        await SaysAsync(
            ErrorKind.AlreadyExists,
            "target snapshot \"one\": already exists",
            () => snapshots.PrepareAsync("y", "", Label(("containerd.io/snapshot.ref", "one")), Token));
        Assert.Equal([1L, 2, 3], store.Driver.Ids);
    }

    [Fact]
    public async Task A_snapshot_prepared_without_a_parent_can_get_one_at_commit()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync("upper", "", NoLabels, Token);
        await CommitAsync(snapshots, "lower", "");

        await snapshots.CommitAsync("both", "upper", "lower", NoLabels, Token);

        Assert.Equal("lower", (await snapshots.StatAsync("both", Token)).Parent);
        Assert.Equal("3:1:2", (await snapshots.ViewAsync("v", "both", NoLabels, Token))[0].Source);
        await FailsAsync(ErrorKind.FailedPrecondition, () => snapshots.RemoveAsync("lower", Token));
    }

    [Fact]
    public async Task A_driver_that_can_not_rebase_is_not_asked_to()
    {
        await using TestStore store = await TestStore.OpenAsync(canRebase: false);
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await snapshots.PrepareAsync("upper", "", NoLabels, Token);
        await CommitAsync(snapshots, "lower", "");

        await FailsAsync(
            ErrorKind.InvalidArgument,
            () => snapshots.CommitAsync("both", "upper", "lower", NoLabels, Token));
    }

    [Fact]
    public async Task Keys_of_one_namespace_are_not_those_of_another()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);

        await store.In("other").Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);

        Assert.Equal([1L, 2], store.Driver.Ids);
    }

    [Fact]
    public async Task A_driver_sees_only_the_labels_that_are_for_it()
    {
        await using TestStore store = await TestStore.OpenAsync();

        await store.Default.Snapshots("overlayfs").PrepareAsync(
            "k",
            "",
            Label(("containerd.io/snapshot/x", "1"), ("containerd.io/snapshot.ref", "r"), ("other", "2")),
            Token);

        Assert.Equal(
            Label(("containerd.io/snapshot/x", "1"), ("containerd.io/snapshot.ref", "r")),
            Assert.Single(store.Driver.SeenLabels));
    }

    [Fact]
    public async Task Two_who_prepare_the_same_key_at_once_get_one_snapshot()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        store.Driver.OnCreate = async () =>
        {
            store.Driver.OnCreate = null;
            await snapshots.PrepareAsync("k", "", NoLabels, Token);
        };

        await FailsAsync(ErrorKind.AlreadyExists, () => snapshots.PrepareAsync("k", "", NoLabels, Token));

        Assert.Equal([2L], store.Driver.Ids);
    }

    [Fact]
    public async Task A_driver_that_fails_leaves_no_record()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        store.Driver.FailCreate = new IOException("no space left on device");

        await Assert.ThrowsAsync<IOException>(() => snapshots.PrepareAsync("k", "", NoLabels, Token));

        await FailsAsync(ErrorKind.NotFound, () => snapshots.StatAsync("k", Token));
    }

    [Fact]
    public async Task Directories_that_no_record_knows_are_removed_after_a_start_and_their_ids_not_used_again()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);
        Directory.CreateDirectory(Path.Combine(store.Driver.Root, "41"));
        await store.ReopenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync("l", "", NoLabels, Token);

        using CancellationTokenSource stop = new();
        Task running = store.Store.RunAsync(stop.Token);
        await Poll.UntilAsync(() => !store.Driver.Ids.Contains(41));
        await stop.CancelAsync();
        await running;

        Assert.Equal([1L, 42], store.Driver.Ids);
    }

    [Fact]
    public async Task An_id_is_not_used_twice_though_its_snapshot_is_gone()
    {
        await using TestStore store = await TestStore.OpenAsync();
        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);
        await store.Default.Snapshots("overlayfs").RemoveAsync("k", Token);
        await store.ReopenAsync();

        await store.Default.Snapshots("overlayfs").PrepareAsync("k", "", NoLabels, Token);

        Assert.Equal([2L], store.Driver.Ids);
    }

    [Fact]
    public async Task Labels_are_changed_and_found_by_filters()
    {
        await using TestStore store = await TestStore.OpenAsync();
        ISnapshotter snapshots = store.Default.Snapshots("overlayfs");
        await CommitAsync(snapshots, "one", "");
        await snapshots.PrepareAsync("k", "one", Label(("a", "1")), Token);

        await snapshots.UpdateAsync(
            (await snapshots.StatAsync("k", Token)) with { Labels = Label(("b", "2")) },
            new FieldMask(["labels.b"]),
            Token);

        List<SnapshotInfo> found = [];
        await foreach (SnapshotInfo info in snapshots.ListAsync(["kind==active,labels.b==2,parent==one"], Token))
        {
            found.Add(info);
        }

        Assert.Equal(Label(("a", "1"), ("b", "2")), Assert.Single(found).Labels);
    }

    private static async Task CommitAsync(ISnapshotter snapshots, string name, string parent)
    {
        await snapshots.PrepareAsync($"extract {name}", parent, NoLabels, Token);
        await snapshots.CommitAsync(name, $"extract {name}", "", NoLabels, Token);
    }

    private static async Task SaysAsync(ErrorKind kind, string message, Func<Task> action) =>
        Assert.Equal(message, (await FailsAsync(kind, action)).Message);
}
