using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>A root on btrfs that containerd has filled with its btrfs snapshotter is taken over as it is.</summary>
[Collection(ImagesCollection.Name)]
public sealed class AdoptBtrfsTests(Images images)
{
    private const string Mount =
        """
        set -e
        mkdir -p "$2"
        truncate -s 1G "$1"
        mkfs.btrfs -q "$1"
        mount -o loop "$1" "$2"
        """;

    [Fact]
    public async Task Subvolumes_of_containerd_are_taken_over_run_and_removed()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Program("mkfs.btrfs");
        await using ContainerdDaemon containerd = new();
        await Images.ShellAsync(Mount, Path.Combine(containerd.Home, "disk"), containerd.Root);
        await containerd.StartAsync(token);
        await containerd.CtrOkAsync("image", "pull", "--plain-http", "--snapshotter", "btrfs", images.Layered);
        await containerd.CtrOkAsync(
            "run", "--snapshotter", "btrfs", images.Layered, "ran", "sh", "-c", "echo written >/kept");
        await containerd.CtrOkAsync("snapshots", "--snapshotter", "btrfs", "view", "seen", await TopAsync(containerd));
        await containerd.CtrOkAsync(
            "snapshots", "--snapshotter", "btrfs", "label", "seen", "containerd.io/gc.root=2026-01-01T00:00:00Z");
        string expected = await ListAsync(containerd);
        await containerd.StopAsync();

        await using GantryDaemon gantry = GantryDaemon.On(containerd);
        await gantry.StartAsync(token);

        Assert.Equal(expected, await ListAsync(gantry));
        Assert.Equal("written\n", await InAsync(gantry, "ran", "cat", "kept"));
        Assert.Equal("yes\n", await InAsync(gantry, "seen", "sh", "-c", "test -d opt && echo yes"));
        Assert.Equal(
            "new\n",
            await gantry.CtrOkAsync("run", "--rm", "--snapshotter", "btrfs", images.Layered, "fresh", "echo", "new"));
        await gantry.CtrOkAsync("container", "rm", "ran");
        await gantry.CtrOkAsync("snapshots", "--snapshotter", "btrfs", "rm", "seen");
        await gantry.CtrOkAsync("image", "rm", "--sync", images.Layered);
        Assert.DoesNotContain("sha256:", await ListAsync(gantry), StringComparison.Ordinal);
        await gantry.StopAsync();

        // After a failure the daemon detaches what is mounted in its directory; the failure is what is to be told then.
        await Poll.UntilAsync(() => LoopFilesystem.TryUnmount(containerd.Root));
    }

    private static async Task<string> ListAsync(PrivateDaemon daemon)
    {
        string list = await daemon.CtrOkAsync("snapshots", "--snapshotter", "btrfs", "ls");
        return string.Join('\n', list.Split('\n').Order(StringComparer.Ordinal));
    }

    /// <summary>The committed snapshot that the container's lies on.</summary>
    private static async Task<string> TopAsync(PrivateDaemon daemon) =>
        (await ListAsync(daemon)).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Single(words => words.Length == 3 && words[0] == "ran")[1];

    /// <summary>Runs a program in the directory of a snapshot.</summary>
    private static async Task<string> InAsync(PrivateDaemon daemon, string key, params IReadOnlyList<string> command)
    {
        string target = Path.Combine(daemon.Home, "mnt");
        string mounts = await daemon.CtrOkAsync("snapshots", "--snapshotter", "btrfs", "mounts", target, key);
        return await Images.ShellAsync(
            """
            set -e
            target=$1
            mkdir -p "$target"
            eval "$2"
            shift 2
            (cd "$target" && "$@")
            umount "$target"
            """,
            [target, mounts.Trim(), .. command]);
    }
}
