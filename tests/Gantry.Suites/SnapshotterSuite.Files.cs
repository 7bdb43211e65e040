using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Suites;

/// <summary>What is seen through real mounts, and the space it takes.</summary>
public abstract partial class SnapshotterSuite
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_child_sees_what_its_parents_hold_and_what_it_changes()
    {
        await LayerAsync("one", "", root =>
        {
            Directory.CreateDirectory(root["etc"]);
            File.WriteAllText(root["etc/a"], "1");
            File.WriteAllText(root["etc/b"], "1");
            File.WriteAllText(root["gone"], "1");
            File.CreateSymbolicLink(root["link"], "etc/a");
        });
        await LayerAsync("two", "one", root =>
        {
            File.WriteAllText(root["etc/b"], "2");
            File.WriteAllText(root["etc/c"], "2");
            File.Delete(root["gone"]);
        });

        Assert.Equal(
            ["etc/ 755", "etc/a 644 x1 1", "etc/b 644 x1 1", "gone 644 x1 1", "link -> etc/a"], await SeenInAsync("one"));
        Assert.Equal(
            ["etc/ 755", "etc/a 644 x1 1", "etc/b 644 x1 2", "etc/c 644 x1 2", "link -> etc/a"], await SeenInAsync("two"));
    }

    [Fact]
    public async Task A_directory_that_was_removed_and_made_again_is_empty()
    {
        await LayerAsync("one", "", root =>
        {
            Directory.CreateDirectory(root["d/deep"]);
            File.WriteAllText(root["d/old"], "");
            File.WriteAllText(root["d/deep/old"], "");
        });
        await LayerAsync("two", "one", root =>
        {
            Directory.Delete(root["d"], recursive: true);
            Directory.CreateDirectory(root["d"]);
            File.WriteAllText(root["d/new"], "");
        });
        await LayerAsync("three", "two", root => File.WriteAllText(root["d/newer"], ""));

        Assert.Equal(["d/ 755", "d/new 644 x1 "], await SeenInAsync("two"));
        Assert.Equal(["d/ 755", "d/new 644 x1 ", "d/newer 644 x1 "], await SeenInAsync("three"));
    }

    [Fact]
    public async Task Renames_changes_of_kind_and_of_mode_are_seen()
    {
        await LayerAsync("one", "", root =>
        {
            File.WriteAllText(root["before"], "same");
            File.WriteAllText(root["file"], "");
            Directory.CreateDirectory(root["directory"]);
            File.WriteAllText(root["directory/x"], "");
            File.WriteAllText(root["secret"], "");
        });
        await LayerAsync("two", "one", root =>
        {
            File.Move(root["before"], root["after"]);
            File.Delete(root["file"]);
            Directory.CreateDirectory(root["file"]);
            Directory.Delete(root["directory"], recursive: true);
            File.CreateSymbolicLink(root["directory"], "file");
            File.SetUnixFileMode(root["secret"], Private);
        });

        Assert.Equal(
            ["after 644 x1 same", "directory -> file", "file/ 755", "secret 600 x1 "], await SeenInAsync("two"));
    }

    [Fact]
    public async Task Extended_attributes_and_hard_links_come_through()
    {
        await LayerAsync("one", "", root =>
        {
            File.WriteAllText(root["a"], "x");
            Tree.SetXattr(root["a"], "user.origin", "one");
            using SafeFileHandle top = Open.Directory(root.Path);
            Assert.Equal(0, Link.TryHard(top, "a"u8, top, "b"u8));
        });
        await LayerAsync("two", "one", root => File.WriteAllText(root["c"], ""));
        await LayerAsync("three", "two", root => Tree.SetXattr(root["a"], "user.origin", "three"));

        Assert.Equal(["a 644 x2 x", "b 644 x2 x", "c 644 x1 "], await SeenInAsync("two"));
        string? before = null;
        string? after = null;
        Within(await Snapshots.ViewAsync("v2", "two", NoLabels, Token), root => before = Tree.GetXattr(root["a"], "user.origin"));
        Within(await Snapshots.ViewAsync("v3", "three", NoLabels, Token), root => after = Tree.GetXattr(root["a"], "user.origin"));
        Assert.Equal(("one", "three"), (before, after));
    }

    [Fact]
    public async Task The_top_directory_keeps_its_mode()
    {
        await LayerAsync("one", "", root => File.SetUnixFileMode(root.Path, Private | UnixFileMode.UserExecute));
        await LayerAsync("two", "one");

        UnixFileMode mode = default;
        Within(await Snapshots.PrepareAsync("k", "two", NoLabels, Token), root => mode = File.GetUnixFileMode(root.Path));

        // containerd's overlayfs snapshotter hands down the owner alone.
        Assert.True(mode == (Private | UnixFileMode.UserExecute) || IsReference, $"mode is {mode}");
    }

    [Fact]
    public async Task Children_of_one_parent_do_not_see_one_another()
    {
        await LayerAsync("one", "", root => File.WriteAllText(root["a"], "parent"));
        IReadOnlyList<Mount> left = await Snapshots.PrepareAsync("left", "one", NoLabels, Token);
        IReadOnlyList<Mount> right = await Snapshots.PrepareAsync("right", "one", NoLabels, Token);

        Within(left, root => File.WriteAllText(root["a"], "left"));
        string seen = "";
        Within(right, root => seen = File.ReadAllText(root["a"]));

        Assert.Equal("parent", seen);
        Assert.Equal(["a 644 x1 parent"], await SeenInAsync("one"));
    }

    [Fact]
    public async Task What_was_written_to_an_active_snapshot_is_there_when_it_is_mounted_again()
    {
        Within(await Snapshots.PrepareAsync("k", "", NoLabels, Token), root => File.WriteAllText(root["a"], "kept"));

        string seen = "";
        Within(await Snapshots.MountsAsync("k", Token), root => seen = File.ReadAllText(root["a"]));

        Assert.Equal("kept", seen);
    }

    [Fact]
    public async Task Nothing_can_be_written_through_a_view()
    {
        await LayerAsync("one", "", root => File.WriteAllText(root["a"], ""));
        await LayerAsync("two", "one", root => File.WriteAllText(root["b"], ""));

        foreach (string parent in (string[])["", "one", "two"])
        {
            Within(
                await Snapshots.ViewAsync($"view of {parent}", parent, NoLabels, Token),
                root => Assert.ThrowsAny<IOException>(() => File.WriteAllText(root["x"], "")));
        }

        Assert.Equal(["a 644 x1 ", "b 644 x1 "], await SeenInAsync("two"));
    }

    [Fact]
    public async Task A_deep_chain_shows_every_layer()
    {
        for (int i = 1; i <= Depth; i++)
        {
            int layer = i;
            await LayerAsync(
                $"layer {i}",
                i == 1 ? "" : $"layer {i - 1}",
                root => File.WriteAllText(root[$"f{layer}"], ""));
        }

        Assert.Equal(Depth, (await SeenInAsync($"layer {Depth}")).Count);
        Within(
            await Snapshots.PrepareAsync("top", $"layer {Depth}", NoLabels, Token),
            root => File.Delete(root["f1"]));
        Assert.Equal(Depth, (await SeenInAsync($"layer {Depth}")).Count);
    }

    [Fact]
    public async Task Usage_counts_a_file_of_several_names_once_and_no_holes()
    {
        Within(
            await Snapshots.PrepareAsync("k", "", NoLabels, Token),
            root =>
            {
                File.WriteAllBytes(root["a"], new byte[1 << 20]);
                using SafeFileHandle top = Open.Directory(root.Path);
                Assert.Equal(0, Link.TryHard(top, "a"u8, top, "b"u8));
                using FileStream sparse = new(root["sparse"], FileMode.CreateNew);
                sparse.SetLength(1L << 30);
                FileSync.Syncfs(top);
            });

        SnapshotUsage active = await Snapshots.UsageAsync("k", Token);
        await Snapshots.CommitAsync("n", "k", "", NoLabels, Token);
        SnapshotUsage committed = await Snapshots.UsageAsync("n", Token);

        // The top, a, and the sparse file.
        Assert.Equal(3, active.Inodes);
        Assert.InRange(active.Size, 1 << 20, (1 << 20) + 65536);
        Assert.Equal(active, committed);
    }

    [Fact]
    public async Task Usage_of_a_view_is_nothing_and_of_what_is_not_there_NotFound()
    {
        await LayerAsync("one", "", root => File.WriteAllBytes(root["a"], new byte[1 << 16]));
        await Snapshots.ViewAsync("v", "one", NoLabels, Token);

        Assert.Equal(default, await Snapshots.UsageAsync("v", Token));
        await FailsAsync(
            ErrorKind.NotFound, "^snapshot none does not exist: not found$", () => Snapshots.UsageAsync("none", Token));
    }

    [Fact]
    public async Task A_parent_given_at_commit_goes_below_what_was_prepared_without_one()
    {
        if (!CanRebase)
        {
            Assert.Skip("it can't rebase");
        }

        IReadOnlyList<Mount> upper = await Snapshots.PrepareAsync("upper", "", NoLabels, Token);
        Within(upper, root => File.WriteAllText(root["b"], ""));
        await LayerAsync("lower", "", root => File.WriteAllText(root["a"], ""));

        await Snapshots.CommitAsync("both", "upper", "lower", NoLabels, Token);

        Assert.Equal("lower", (await Snapshots.StatAsync("both", Token)).Parent);
        Assert.Equal(["a 644 x1 ", "b 644 x1 "], await SeenInAsync("both"));
        await FailsAsync(
            ErrorKind.FailedPrecondition, "with child", () => Snapshots.RemoveAsync("lower", Token));
    }

    [Fact]
    public async Task The_parent_of_a_snapshot_that_has_one_does_not_change_at_commit()
    {
        if (IsReference)
        {
            Assert.Skip("containerd 1.6 takes no parent at commit");
        }

        await LayerAsync("one");
        await LayerAsync("other");
        await Snapshots.PrepareAsync("k", "one", NoLabels, Token);

        await FailsAsync(
            ErrorKind.InvalidArgument,
            "cannot change parent|parent",
            () => Snapshots.CommitAsync("two", "k", "other", NoLabels, Token));
        await Snapshots.CommitAsync("two", "k", "one", NoLabels, Token);

        Assert.Equal("one", (await Snapshots.StatAsync("two", Token)).Parent);
    }
}
