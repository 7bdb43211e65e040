using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Xunit;

namespace Gantry.Suites;

/// <summary>Keys, names, kinds, parents, labels, times and errors.</summary>
public abstract partial class SnapshotterSuite
{
    [Fact]
    public async Task A_snapshot_is_active_under_its_key_and_committed_under_its_name()
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await Snapshots.PrepareAsync("k", "", Label(("a", "1")), Token);
        SnapshotInfo active = await Snapshots.StatAsync("k", Token);
        await Snapshots.CommitAsync("n", "k", "", Label(("b", "2")), Token);
        SnapshotInfo committed = await Snapshots.StatAsync("n", Token);

        Assert.Equal((SnapshotKind.Active, "k", ""), (active.Kind, active.Name, active.Parent));
        Assert.Equal(Label(("a", "1")), active.Labels);
        Assert.InRange(active.CreatedAt, before, TimeProvider.System.GetUtcNow());
        Assert.True(active.UpdatedAt >= active.CreatedAt);
        Assert.Equal((SnapshotKind.Committed, "n", ""), (committed.Kind, committed.Name, committed.Parent));
        Assert.Equal(Label(("b", "2")), committed.Labels);
        Assert.True(committed.CreatedAt >= active.CreatedAt);
        await FailsAsync(ErrorKind.NotFound, "^snapshot k does not exist: not found$", () => Snapshots.StatAsync("k", Token));
    }

    [Fact]
    public async Task A_view_has_its_kind_and_parent()
    {
        await LayerAsync("one");

        await Snapshots.ViewAsync("v", "one", Label(("a", "1")), Token);

        SnapshotInfo view = await Snapshots.StatAsync("v", Token);
        Assert.Equal((SnapshotKind.View, "one"), (view.Kind, view.Parent));
        Assert.Equal(Label(("a", "1")), view.Labels);
    }

    [Fact]
    public async Task A_key_is_free_again_after_commit_and_after_removal()
    {
        await Snapshots.PrepareAsync("k", "", NoLabels, Token);
        await Snapshots.CommitAsync("one", "k", "", NoLabels, Token);
        await Snapshots.PrepareAsync("k", "one", NoLabels, Token);
        await Snapshots.RemoveAsync("k", Token);

        await Snapshots.ViewAsync("k", "one", NoLabels, Token);

        Assert.Equal(["k", "one"], await FindAsync());
    }

    [Fact]
    public async Task A_key_that_is_taken_is_AlreadyExists_whatever_has_it()
    {
        await LayerAsync("one");
        await Snapshots.PrepareAsync("active", "one", NoLabels, Token);
        await Snapshots.ViewAsync("view", "one", NoLabels, Token);

        foreach (string key in (string[])["one", "active", "view"])
        {
            string pattern = $"^snapshot \"{key}\": already exists$";
            await FailsAsync(ErrorKind.AlreadyExists, pattern, () => Snapshots.PrepareAsync(key, "", NoLabels, Token));
            await FailsAsync(ErrorKind.AlreadyExists, pattern, () => Snapshots.ViewAsync(key, "one", NoLabels, Token));
        }
    }

    [Fact]
    public async Task A_parent_must_be_there_and_committed()
    {
        await Snapshots.PrepareAsync("active", "", NoLabels, Token);

        await FailsAsync(
            ErrorKind.NotFound,
            "^parent snapshot none does not exist: not found$",
            () => Snapshots.PrepareAsync("k", "none", NoLabels, Token));
        await FailsAsync(
            ErrorKind.NotFound,
            "^parent snapshot none does not exist: not found$",
            () => Snapshots.ViewAsync("k", "none", NoLabels, Token));
        await FailsAsync(
            ErrorKind.InvalidArgument,
            "parent \".*active\" is not committed snapshot: invalid argument$",
            () => Snapshots.PrepareAsync("k", "active", NoLabels, Token));
        Assert.Equal(["active"], await FindAsync());
    }

    [Fact]
    public async Task Only_an_active_snapshot_is_committed()
    {
        await LayerAsync("one");
        await Snapshots.ViewAsync("view", "one", NoLabels, Token);
        await Snapshots.PrepareAsync("active", "one", NoLabels, Token);

        await FailsAsync(
            ErrorKind.NotFound,
            "^snapshot none does not exist: not found$",
            () => Snapshots.CommitAsync("x", "none", "", NoLabels, Token));
        await FailsAsync(
            ErrorKind.AlreadyExists,
            "^snapshot \"one\": already exists$",
            () => Snapshots.CommitAsync("one", "active", "", NoLabels, Token));
        GantryException view = await Assert.ThrowsAsync<GantryException>(
            () => Snapshots.CommitAsync("x", "view", "", NoLabels, Token));

        // containerd's native snapshotter looks for the directory of a view that has none.
        Assert.True(view.Kind is ErrorKind.FailedPrecondition || IsReference, view.Message);
        Assert.Single(await Snapshots.MountsAsync("active", Token));
        await Snapshots.CommitAsync("two", "active", "", NoLabels, Token);
        Assert.Equal("one", (await Snapshots.StatAsync("two", Token)).Parent);
    }

    [Fact]
    public async Task Mounts_are_those_that_were_returned_and_a_committed_snapshot_has_none()
    {
        await LayerAsync("one");
        IReadOnlyList<Mount> active = await Snapshots.PrepareAsync("a", "one", NoLabels, Token);
        IReadOnlyList<Mount> view = await Snapshots.ViewAsync("v", "one", NoLabels, Token);

        Assert.Equivalent(active, await Snapshots.MountsAsync("a", Token), strict: true);
        Assert.Equivalent(view, await Snapshots.MountsAsync("v", Token), strict: true);
        await FailsAsync(
            ErrorKind.FailedPrecondition,
            "requested snapshot .*one not active or view: failed precondition$",
            () => Snapshots.MountsAsync("one", Token));
        await FailsAsync(
            ErrorKind.NotFound, "^snapshot none does not exist: not found$", () => Snapshots.MountsAsync("none", Token));
    }

    [Fact]
    public async Task A_snapshot_with_children_stays_until_they_are_gone()
    {
        await LayerAsync("one");
        await LayerAsync("two", "one");
        await Snapshots.ViewAsync("v", "one", NoLabels, Token);
        const string Refused = "^cannot remove snapshot with child: failed precondition$";

        await FailsAsync(ErrorKind.FailedPrecondition, Refused, () => Snapshots.RemoveAsync("one", Token));
        await Snapshots.RemoveAsync("two", Token);
        await FailsAsync(ErrorKind.FailedPrecondition, Refused, () => Snapshots.RemoveAsync("one", Token));
        await Snapshots.RemoveAsync("v", Token);
        await Snapshots.RemoveAsync("one", Token);

        Assert.Empty(await FindAsync());
        await FailsAsync(
            ErrorKind.NotFound, "^snapshot one does not exist: not found$", () => Snapshots.RemoveAsync("one", Token));
    }

    [Fact]
    public async Task Labels_change_by_path_or_all_at_once()
    {
        await Snapshots.PrepareAsync("k", "", Label(("a", "1"), ("b", "2"), ("c.d/e", "3")), Token);
        SnapshotInfo info = await Snapshots.StatAsync("k", Token);

        SnapshotInfo byPath = await Snapshots.UpdateAsync(
            info with { Labels = Label(("b", ""), ("c.d/e", "4"), ("ignored", "5")) },
            new FieldMask(["labels.b", "labels.c.d/e"]),
            Token);
        SnapshotInfo asked = await Snapshots.StatAsync("k", Token);
        SnapshotInfo all = await Snapshots.UpdateAsync(
            info with { Labels = Label(("z", "9")) }, FieldMask.Empty, Token);

        Assert.Equal(Label(("a", "1"), ("c.d/e", "4")), byPath.Labels);
        Assert.Equal(byPath.Labels, asked.Labels);
        Assert.Equal(Label(("z", "9")), all.Labels);
        Assert.Equal(info.CreatedAt, all.CreatedAt);
        Assert.True(all.UpdatedAt >= info.UpdatedAt);
    }

    [Fact]
    public async Task Updates_that_can_not_be_are_refused_and_change_nothing()
    {
        await Snapshots.PrepareAsync("k", "", Label(("a", "1")), Token);
        SnapshotInfo info = await Snapshots.StatAsync("k", Token);

        await FailsAsync(
            ErrorKind.InvalidArgument,
            "^cannot update \"?parent\"? field on snapshot \"?k\"?: invalid argument$",
            () => Snapshots.UpdateAsync(info, new FieldMask(["parent"]), Token));
        await FailsAsync(
            ErrorKind.NotFound,
            "snapshot \"?none\"?.*not found$",
            () => Snapshots.UpdateAsync(info with { Name = "none" }, FieldMask.Empty, Token));
        await FailsAsync(
            ErrorKind.InvalidArgument,
            "label key and value .*greater than maximum size .*: invalid argument$",
            () => Snapshots.UpdateAsync(
                info with { Labels = Label(("a", new string('x', 4097))) }, new FieldMask(["labels.a"]), Token));
        await FailsAsync(
            ErrorKind.InvalidArgument,
            "label key and value .*greater than maximum size .*: invalid argument$",
            () => Snapshots.PrepareAsync("l", "", Label(("a", new string('x', 4097))), Token));

        Assert.Equal(info.Labels, (await Snapshots.StatAsync("k", Token)).Labels);
        Assert.Equal(["k"], await FindAsync());
    }

    [Fact]
    public async Task Filters_find_by_kind_name_parent_and_label()
    {
        await LayerAsync("one");
        await Snapshots.PrepareAsync("two", "one", Label(("x.y/z", "1")), Token);
        await Snapshots.ViewAsync("three", "one", Label(("x.y/z", "2")), Token);

        Assert.Equal(["one", "three", "two"], await FindAsync());
        Assert.Equal(["two"], await FindAsync("kind==active"));
        Assert.Equal(["one"], await FindAsync("kind==committed"));
        Assert.Equal(["three"], await FindAsync("kind==view,parent==one"));
        Assert.Equal(["three", "two"], await FindAsync("name~=^t"));
        Assert.Equal(["two"], await FindAsync("labels.\"x.y/z\"==1"));
        Assert.Equal(["three", "two"], await FindAsync("labels.\"x.y/z\""));
        Assert.Equal(["one", "two"], await FindAsync("name==one", "kind==active"));
        Assert.Empty(await FindAsync("kind==active,name==one"));
        await Assert.ThrowsAsync<GantryException>(() => FindAsync("kind=active"));
    }

    [Fact]
    public async Task A_target_that_is_there_is_told_before_anything_is_made()
    {
        await LayerAsync("chain");

        await FailsAsync(
            ErrorKind.AlreadyExists,
            "^target snapshot \"chain\": already exists$",
            () => Snapshots.PrepareAsync("k", "", Label(("containerd.io/snapshot.ref", "chain")), Token));

        Assert.Equal(["chain"], await FindAsync());
    }

    [Fact]
    public async Task Snapshots_of_one_namespace_are_not_those_of_another()
    {
        ISnapshotter other = await OpenAsync(NewNamespace());
        await LayerAsync("one");

        await FailsAsync(
            ErrorKind.NotFound, "^parent snapshot one does not exist: not found$", () => other.PrepareAsync("k", "one", NoLabels, Token));
        await other.PrepareAsync("one", "", NoLabels, Token);
        await other.RemoveAsync("one", Token);

        Assert.Equal(SnapshotKind.Committed, (await Snapshots.StatAsync("one", Token)).Kind);
    }

    [Fact]
    public async Task Of_many_who_prepare_one_key_at_once_one_gets_it()
    {
        await LayerAsync("one");

        bool[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                await Snapshots.PrepareAsync("k", "one", NoLabels, Token);
                return true;
            }
            catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
            {
                return false;
            }
        }));

        Assert.Single(made, won => won);
        Assert.Single(await Snapshots.MountsAsync("k", Token));
    }

    [Fact]
    public async Task Many_snapshots_are_made_and_removed_at_once()
    {
        await LayerAsync("one");

        await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            await Snapshots.PrepareAsync($"k{i}", "one", NoLabels, Token);
            await Snapshots.CommitAsync($"n{i}", $"k{i}", "", NoLabels, Token);
            await Snapshots.RemoveAsync($"n{i}", Token);
        }));

        Assert.Equal(["one"], await FindAsync());
        if (!IsReference)
        {
            await Snapshots.CleanupAsync(Token);
        }
    }
}
