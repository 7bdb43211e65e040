using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The mounts service on real filesystems, loop devices and overlays, and what is left of it.</summary>
[Collection(ImagesCollection.Name)]
public sealed class MountsTests(Images images) : IAsyncLifetime
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private GantryDaemon? _daemon;
    private GantryClient? _client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GantryDaemon Daemon => _daemon!;

    private NamespaceClient Scope => _client!.In(Namespace.Default);

    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        Needs.Require(File.Exists("/dev/loop-control"), "/dev/loop-control");
        _daemon = await GantryDaemon.StartNewAsync();
        _client = new GantryClient(new GantryClientOptions { SocketPath = _daemon.Address });
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        if (_daemon is not null)
        {
            IReadOnlyList<string> leftovers = await _daemon.LeftoversAsync();
            await _daemon.DisposeAsync();
            Assert.Empty(leftovers);
            Assert.Empty(Loops(_daemon.Home));
        }
    }

    [Theory]
    [InlineData("ext4", "64MiB")]
    [InlineData("btrfs", "128MiB")]
    [InlineData("xfs", "300MiB")]
    public async Task A_file_becomes_a_filesystem_and_an_overlay_on_it_is_left_to_the_client(string type, string size)
    {
        Needs.Program("mkfs." + type);
        string lower = Path.Combine(Daemon.Home, "lower");
        Directory.CreateDirectory(lower);
        await File.WriteAllTextAsync(Path.Combine(lower, "below"), "below", Token);

        Activation activation = await Leased("chain", await LeaseAsync(), Disk(type, size, lower));

        Assert.Equal(["loop", type], activation.Active.Select(active => active.Mount.Type));
        Mount overlay = Assert.Single(activation.System);
        string disk = activation.Active[1].MountPoint;
        Assert.Equal("overlay", overlay.Type);
        Assert.Equal([$"lowerdir={lower}", $"upperdir={disk}/upper", $"workdir={disk}/work"], overlay.Options);
        Assert.Equal("700 0:0", await StatAsync(disk + "/work"));
        Assert.Equal("751 3:4", await StatAsync(disk + "/upper"));
        string merged = Path.Combine(Daemon.Home, "merged");
        await Images.ShellAsync(
            """
            set -e
            mkdir -p "$1" && mount -t overlay -o "$2" overlay "$1"
            cat "$1/below" >"$1/above" && umount "$1"
            """,
            merged,
            string.Join(',', overlay.Options));
        Assert.Equal("below", await File.ReadAllTextAsync(disk + "/upper/above", Token));
        Activation info = await Scope.Mounts.InfoAsync("chain", Token);
        Assert.Equal(activation.System[0].Options, info.System[0].Options);
        Assert.Equal(activation.Active.Select(a => a.MountPoint), info.Active.Select(a => a.MountPoint));

        await Scope.Mounts.DeactivateAsync("chain", Token);

        Assert.Empty(await Daemon.LeftoversAsync());
        await FailsAsync(ErrorKind.NotFound, () => Scope.Mounts.InfoAsync("chain", Token));
        await FailsAsync(ErrorKind.NotFound, () => Scope.Mounts.DeactivateAsync("chain", Token));
    }

    [Fact]
    public async Task Erofs_files_are_mounted_and_a_temporary_activation_is_one_bind_mount()
    {
        Needs.Program("mkfs.erofs");
        string[] files = await Task.WhenAll(ErofsAsync("one"), ErofsAsync("two"));
        Mount[] layers = [.. files.Select(file => new Mount("erofs", file, ["ro", "loop"]))];

        Activation temporary = await Scope.Mounts.ActivateAsync("look", layers, NoLabels, true, Token);
        Activation chain = await Leased(
            "view", await LeaseAsync(), [.. layers, new Mount("format/overlay", "overlay", ["lowerdir={{ overlay 1 0 }}"])]);

        Mount bind = Assert.Single(temporary.System);
        Assert.Equal("bind", bind.Type);
        Assert.Equal("two", await File.ReadAllTextAsync(bind.Source + "/name", Token));
        Assert.Equal(
            $"lowerdir={chain.Active[1].MountPoint}:{chain.Active[0].MountPoint}", Assert.Single(chain.System).Options[0]);
        Assert.Equal(["look", "view"], (await Scope.Mounts.ListAsync([], Token)).Select(a => a.Name));
        Assert.Equal(["view"], (await Scope.Mounts.ListAsync(["name==view"], Token)).Select(a => a.Name));
        Assert.Contains(
            $"\"mountPoint\": \"{chain.Active[0].MountPoint}\"",
            (await Daemon.GantryAsync("mounts", "inspect", "view")).StandardOutput,
            StringComparison.Ordinal);
        Assert.Equal(3, (await Daemon.GantryAsync("mounts", "ls")).StandardOutput.Split('\n').Length - 1);
        Assert.Equal("look\nview\n", (await Daemon.GantryAsync("mounts", "deactivate", "look", "view")).StandardOutput);
    }

    [Fact]
    public async Task Mounts_that_the_kernel_knows_are_left_as_they_are()
    {
        await FailsAsync(
            ErrorKind.NotImplemented,
            () => Scope.Mounts.ActivateAsync("plain", [new Mount("bind", "/", ["rbind"])], NoLabels, false, Token));
        await FailsAsync(
            ErrorKind.NotImplemented, () => Scope.Mounts.ActivateAsync("none", [], NoLabels, true, Token));
    }

    [Fact]
    public async Task What_fails_half_way_leaves_nothing()
    {
        Mount loop = Disk("ext4", "8MiB", "/")[0];
        foreach (Mount bad in new[]
        {
            new Mount("format/ext4", "{{ mount 7 }}", []),
            new Mount("format/mkdir/bind", "{{ mount 0 }}", ["X-containerd.mkdir.path=/etc/outside"]),
            new Mount("format/mkdir/bind", "{{ mount 0 }}", [$"X-containerd.mkdir.path={Daemon.Root}/../outside"]),
            new Mount("format/mkdir/bind", "{{ mount 0 }}", [$"X-containerd.mkdir.path={Daemon.Root}/a:999"]),
            new Mount("format/mkdir/bind", "{{ mount 0 }}", [$"X-containerd.mkdir.path={Daemon.Root}/a:700:1"]),
            new Mount("format/mkdir/bind", "{{ mount 0 }}", ["X-containerd.mkdir.mode=1"]),
            new Mount("mkfs/loop", "/etc/outside.img", ["X-containerd.mkfs.size=1m"]),
            new Mount("mkfs/loop", $"{Daemon.Root}/tiny.img", ["X-containerd.mkfs.size=1"]),
            new Mount("loop", "/nowhere", []),
        })
        {
            Exception error = await Assert.ThrowsAnyAsync<GantryException>(
                () => Scope.Mounts.ActivateAsync("bad", [loop, bad], NoLabels, false, Token));
            Assert.DoesNotContain("internal", error.Message, StringComparison.OrdinalIgnoreCase);
            Assert.Empty(await Daemon.LeftoversAsync());
            Assert.Empty(await Scope.Mounts.ListAsync([], Token));
        }

        Assert.False(Directory.Exists("/etc/outside") || File.Exists("/etc/outside.img"));
        Assert.Empty(Directory.EnumerateFiles(Daemon.Root, ".mkfs-*"));
    }

    [Fact]
    public async Task An_activation_goes_with_its_lease_or_with_what_its_labels_name()
    {
        Mount[] mounts = Disk("ext4", "8MiB", "/")[..2];
        string lease = await LeaseAsync();
        await Leased("leased", lease, mounts);
        Dictionary<string, string> label = new() { ["containerd.io/gc.bref.image/of"] = "keeper" };
        await Daemon.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await Daemon.CtrOkAsync("image", "tag", images.Busybox, "keeper");
        await Scope.Mounts.ActivateAsync(
            "labelled", [mounts[0] with { Source = mounts[0].Source + "2" }, mounts[1]], label, true, Token);
        Assert.Equal(
            [new LeaseResource("leased", "mounts")], await Scope.Leases.ListResourcesAsync(lease, Token));
        await FailsAsync(ErrorKind.AlreadyExists, () => Leased("leased", lease, mounts));

        await Scope.Leases.DeleteAsync(lease, synchronous: true, Token);

        Assert.Equal(["labelled"], (await Scope.Mounts.ListAsync([], Token)).Select(a => a.Name));

        await Scope.Mounts.UpdateAsync(
            "labelled", NoLabels, new FieldMask(["labels.containerd.io/gc.bref.image/of"]), Token);
        await Scope.Leases.DeleteAsync(await LeaseAsync(), synchronous: true, Token);

        Assert.Empty(await Scope.Mounts.ListAsync([], Token));
        Assert.Empty(await Daemon.LeftoversAsync());
    }

    [Fact]
    public async Task Activations_outlive_the_daemon_and_those_whose_mounts_are_gone_do_not()
    {
        string lease = await LeaseAsync();
        Mount[] mounts = Disk("ext4", "8MiB", "/")[..2];
        Activation stays = await Leased("stays", lease, [mounts[0], mounts[1], new Mount("format/bind", "{{ mount 1 }}", [])]);
        Activation goes = await Leased(
            "goes", lease, [mounts[0] with { Source = mounts[0].Source + "2" }, mounts[1], new Mount("format/bind", "{{ mount 1 }}", [])]);

        await Daemon.KillAsync();
        await Images.ShellAsync("umount \"$1\"", goes.Active[1].MountPoint);
        await Daemon.StartAsync(Token);

        Activation found = Assert.Single(await Scope.Mounts.ListAsync([], Token));
        Assert.Equal("stays", found.Name);
        Assert.True(Directory.Exists(stays.Active[1].MountPoint + "/lost+found"));
        Assert.False(Directory.Exists(Path.GetDirectoryName(goes.Active[0].MountPoint)));
        await Scope.Mounts.DeactivateAsync("stays", Token);
    }

    /// <summary>The files below a directory that loop devices stand for.</summary>
    private static List<string> Loops(string directory) =>
    [
        .. Directory.EnumerateDirectories("/sys/block", "loop*")
            .Select(BackingFile)
            .Where(file => file.StartsWith(directory + "/", StringComparison.Ordinal)),
    ];

    private static string BackingFile(string device)
    {
        try
        {
            return File.ReadAllText(device + "/loop/backing_file").Trim();
        }
        catch (IOException)
        {
            // It stands for nothing, or another test has just let go of it.
            return "";
        }
    }

    private static async Task FailsAsync(ErrorKind kind, Func<Task> action) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<GantryException>(action)).Kind);

    private static async Task<string> StatAsync(string path) =>
        (await Images.ShellAsync("stat -c '%a %u:%g' \"$1\"", path)).Trim();

    private Mount[] Disk(string type, string size, string lower) =>
    [
        new Mount(
            "mkfs/loop", Path.Combine(Daemon.Root, "disk.img"), [$"X-containerd.mkfs.size={size}", $"X-containerd.mkfs.fs={type}"]),
        new Mount("format/" + type, "{{ mount 0 }}", []),
        new Mount(
            "format/mkdir/overlay",
            "overlay",
            [
                "X-containerd.mkdir.path={{ mount 1 }}/upper:751:3:4",
                "X-containerd.mkdir.path={{ mount 1 }}/work",
                $"lowerdir={lower}",
                "upperdir={{ mount 1 }}/upper",
                "workdir={{ mount 1 }}/work",
            ]),
    ];

    private async Task<string> LeaseAsync() => (await Scope.Leases.CreateAsync("", NoLabels, Token)).Id;

    private Task<Activation> Leased(string name, string lease, IReadOnlyList<Mount> mounts) =>
        _client!.In(Namespace.Default, lease).Mounts.ActivateAsync(name, mounts, NoLabels, false, Token);

    private async Task<string> ErofsAsync(string name)
    {
        string tree = Path.Combine(Daemon.Home, "tree-" + name);
        Directory.CreateDirectory(tree);
        await File.WriteAllTextAsync(Path.Combine(tree, "name"), name, Token);
        await Images.ShellAsync("mkfs.erofs \"$1.erofs\" \"$1\" >/dev/null 2>&1", tree);
        return tree + ".erofs";
    }
}
