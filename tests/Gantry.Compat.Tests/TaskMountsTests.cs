using System.Text;
using Gantry.Client;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Tasks whose root filesystem has mounts that no shim knows: the daemon makes them, and undoes them.</summary>
public sealed class TaskMountsTests : IAsyncLifetime
{
    private const string Id = "disk";

    private static readonly Dictionary<string, string> NoLabels = [];

    private GantryDaemon? _daemon;
    private GantryClient? _client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GantryDaemon Daemon => _daemon!;

    private NamespaceClient Scope => _client!.In(Namespace.Default);

    private string Lower => Path.Combine(Daemon.Home, "lower");

    private string BundlePath => Path.Combine(Daemon.State, "io.containerd.runtime.v2.task", "default", Id);

    public async ValueTask InitializeAsync()
    {
        Needs.Root();
        Needs.Require(File.Exists("/dev/loop-control"), "/dev/loop-control");
        Needs.Program("mkfs.ext4");
        string busybox = Needs.Program("busybox");
        _daemon = await GantryDaemon.StartNewAsync();
        _client = new GantryClient(new GantryClientOptions { SocketPath = _daemon.Address });
        foreach (string directory in new[] { "bin", "dev", "proc" })
        {
            Directory.CreateDirectory(Path.Combine(Lower, directory));
        }

        File.Copy(busybox, Path.Combine(Lower, "bin", "busybox"));
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
        }
    }

    [Fact]
    public async Task They_are_there_while_the_task_is_whatever_becomes_of_the_daemon()
    {
        await CreateAsync("/bin/busybox", "sleep", "1000");
        await Scope.Tasks.StartAsync(Id, cancellationToken: Token);
        Activation activation = Assert.Single(await Scope.Mounts.ListAsync([], Token));
        Assert.Equal(Id, activation.Name);
        Assert.Equal(Id, activation.Labels["containerd.io/gc.bref.container"]);
        Assert.Equal(["loop", "ext4"], activation.Active.Select(active => active.Mount.Type));
        Assert.True(File.Exists(BundlePath + "/rootfs/bin/busybox"));
        Assert.True(Directory.Exists(activation.Active[1].MountPoint + "/upper"));

        await Daemon.KillAsync();
        await Daemon.StartAsync(Token);
        await Scope.Leases.DeleteAsync((await Scope.Leases.CreateAsync("", NoLabels, Token)).Id, synchronous: true, Token);

        Assert.Single(await Scope.Mounts.ListAsync([], Token));

        await Scope.Tasks.KillAsync(Id, 9, cancellationToken: Token);
        await Scope.Tasks.WaitAsync(Id, cancellationToken: Token);
        await Scope.Tasks.DeleteAsync(Id, cancellationToken: Token);

        Assert.Empty(await Scope.Mounts.ListAsync([], Token));
        Assert.Empty(await Daemon.LeftoversAsync());
    }

    [Fact]
    public async Task They_go_with_a_task_that_could_not_be_made()
    {
        GantryException failure = await Assert.ThrowsAsync<GantryException>(() => CreateAsync("/no/such/program"));

        Assert.Contains("failed to create shim task", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await Scope.Mounts.ListAsync([], Token));
        Assert.False(Directory.Exists(BundlePath));
    }

    [Fact]
    public async Task They_go_with_a_task_in_whose_making_the_daemon_died()
    {
        await CreateAsync("/bin/busybox", "sleep", "1000");
        await Daemon.KillAsync();
        await File.WriteAllBytesAsync(BundlePath + "/intent.create", [], Token);
        await Daemon.StartAsync(Token);

        await Assert.ThrowsAsync<GantryException>(() => Scope.Tasks.WaitAsync(Id, cancellationToken: Token));

        Assert.Empty(await Scope.Mounts.ListAsync([], Token));
        Assert.Empty(await Daemon.LeftoversAsync());
    }

    [Fact]
    public async Task Those_that_a_client_has_activated_are_used_and_left_to_it()
    {
        string lease = (await Scope.Leases.CreateAsync("", NoLabels, Token)).Id;
        await _client!.In(Namespace.Default, lease).Mounts.ActivateAsync(Id, Disk(), NoLabels, false, Token);
        await CreateAsync("/bin/busybox", "true");
        await Scope.Tasks.StartAsync(Id, cancellationToken: Token);
        await Scope.Tasks.WaitAsync(Id, cancellationToken: Token);
        await Scope.Tasks.DeleteAsync(Id, cancellationToken: Token);

        Assert.Single(await Scope.Mounts.ListAsync([], Token));
        await Scope.Mounts.DeactivateAsync(Id, Token);
    }

    [Theory]
    [InlineData("ext4", "mkfs.ext4 -q -d \"$1\" \"$2\" 32M")]
    [InlineData("erofs", "mkfs.erofs \"$2\" \"$1\"")]
    public async Task A_filesystem_in_a_file_is_a_root_filesystem(string type, string make)
    {
        Needs.Program("mkfs." + type);
        string file = Path.Combine(Daemon.Home, "root." + type);
        await Images.ShellAsync(make + " >/dev/null 2>&1", Lower, file);

        await CreateAsync([new Mount(type, file, ["ro", "loop"])], "/bin/busybox", "true");
        await Scope.Tasks.StartAsync(Id, cancellationToken: Token);

        Assert.Equal(0u, (await Scope.Tasks.WaitAsync(Id, cancellationToken: Token)).Status);
        await Scope.Tasks.DeleteAsync(Id, cancellationToken: Token);
        Assert.Empty(await Daemon.LeftoversAsync());
    }

    private Task CreateAsync(params string[] arguments) => CreateAsync(Disk(), arguments);

    private async Task CreateAsync(IReadOnlyList<Mount> rootfs, params string[] arguments)
    {
        string spec =
            $$"""
            {
              "ociVersion": "1.0.2",
              "process": {
                "user": { "uid": 0, "gid": 0 },
                "args": [{{string.Join(", ", arguments.Select(argument => $"\"{argument}\""))}}],
                "cwd": "/"
              },
              "root": { "path": "rootfs" },
              "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" }
              ],
              "linux": {
                "cgroupsPath": "/{{Path.GetFileName(Daemon.Home)}}",
                "namespaces": [{ "type": "pid" }, { "type": "mount" }, { "type": "network" }]
              }
            }
            """;
        ContainerRecord container = new(Id)
        {
            RuntimeName = "io.containerd.runc.v2",
            Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", Encoding.UTF8.GetBytes(spec)),
        };
        await Scope.Containers.CreateAsync(container, Token);
        await Scope.Tasks.CreateAsync(Id, rootfs, ProcessStreams.None, cancellationToken: Token);
    }

    private Mount[] Disk() =>
    [
        new Mount("mkfs/loop", Path.Combine(Daemon.Root, "disk.img"), ["X-containerd.mkfs.size=32MiB"]),
        new Mount("format/ext4", "{{ mount 0 }}", []),
        new Mount(
            "format/mkdir/overlay",
            "overlay",
            [
                "X-containerd.mkdir.path={{ mount 1 }}/upper:755",
                "X-containerd.mkdir.path={{ mount 1 }}/work",
                $"lowerdir={Lower}",
                "upperdir={{ mount 1 }}/upper",
                "workdir={{ mount 1 }}/work",
            ]),
    ];
}
