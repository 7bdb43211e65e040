using System.Security.Cryptography;
using CliWrap.Buffered;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>A root that containerd has filled is taken over as it is.</summary>
[Collection(ImagesCollection.Name)]
public sealed class AdoptTests(Images images)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_of_containerd_is_there_and_works_and_goes()
    {
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync();
        await ScriptAsync(containerd, "fill");
        await AddResourcesAsync(containerd);
        string expected = await ScriptAsync(containerd, "list");
        string expectedRecords = await RecordsAsync(containerd);
        await containerd.StopAsync();
        List<string> files = await FilesAsync(containerd.Root);

        // A dry run tells, and writes nothing.
        await using GantryDaemon gantry = GantryDaemon.On(containerd);
        BufferedCommandResult dry = await gantry.GantryAsync("adopt", gantry.Root, "--dry-run");
        Assert.True(dry.ExitCode == 0, dry.StandardError);
        Assert.Contains("would be taken over: default: 3 images, 5 containers, 0 sandboxes, 3 leases", dry.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(files, await FilesAsync(containerd.Root));

        // The first start takes over.
        await gantry.StartAsync(Token);
        Assert.Contains("took over containerd's root", gantry.Log, StringComparison.Ordinal);
        Assert.Equal(expected, await ScriptAsync(gantry, "list"));
        Assert.Equal(expectedRecords, await RecordsAsync(gantry));
        Assert.Empty(files.Except(await FilesAsync(containerd.Root), StringComparer.Ordinal));

        // Nothing that is kept is collected, and what is there works.
        await gantry.RunAsync("ctr", ["image", "rm", "--sync", "example.com/tagged:1"], null);
        Assert.Equal("kept by a lease\n", await LooseContentAsync(gantry));
        Assert.Equal("made\n", await gantry.CtrOkAsync("task", "start", "made"));
        Assert.Equal("other\n", await gantry.CtrOkAsync("-n", "other", "task", "start", "made"));
        Assert.Equal("written\n", await FileOfAsync(gantry, "overlayfs", "ran", "fs/link"));
        Assert.Equal("native\n", await FileOfAsync(gantry, "native", "rannative", "kept"));
        await gantry.CtrOkAsync("task", "start", "-d", "stopped");
        await gantry.CtrOkAsync("task", "rm", "-f", "stopped");
        Assert.Equal("new\n", await gantry.CtrOkAsync("run", "--rm", images.Busybox, "fresh", "echo", "new"));
        BufferedCommandResult run = await gantry.CtrAsync(
            "run", "--rm", "--snapshotter", "native", images.Layered, "fresh", "sh", "-c", "test -d /opt && exit 7");
        Assert.Equal(7, run.ExitCode);

        // A container that ran all the time, under the shim that containerd gave it, has noticed nothing.
        Assert.Equal("in\n", await gantry.CtrOkAsync("task", "exec", "--exec-id", "e", "live", "echo", "in"));
        await gantry.CtrOkAsync("task", "rm", "-f", "live");

        // And it goes, with the files.
        Assert.Equal("KEY PARENT KIND \n", Distinct(await ScriptAsync(gantry, "remove")));
        await EmptyAsync(Path.Combine(gantry.Root, "io.containerd.content.v1.content/blobs/sha256"));
        await EmptyAsync(Path.Combine(gantry.Root, "io.containerd.snapshotter.v1.overlayfs/snapshots"));
        await EmptyAsync(Path.Combine(gantry.Root, "io.containerd.snapshotter.v1.native/snapshots"));
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_root_on_which_containerd_was_killed_is_taken_over_and_later_changes_are_noticed()
    {
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync();
        await containerd.CtrOkAsync("image", "pull", "--plain-http", images.Layered);
        Task<BufferedCommandResult> load = containerd.RunAsync(
            "/bin/sh",
            [
                "-c",
                """
                touch "$1"
                for i in $(seq 10000); do
                  ctr container create "$0" c$i && ctr snapshots prepare s$i && ctr snapshots commit b$i s$i || exit 0
                  [ $((i % 3)) = 0 ] && ctr container rm c$i
                done
                """,
                images.Layered,
                Path.Combine(containerd.Home, "loaded"),
            ],
            null);
        await ThereAsync(() => containerd.CtrOkAsync("container", "ls", "-q"), "c4\n");
        await containerd.KillAsync();
        await load;
        await using GantryDaemon gantry = GantryDaemon.On(containerd);

        await gantry.StartAsync(Token);

        Assert.Contains("c4\n", await gantry.CtrOkAsync("container", "ls", "-q"), StringComparison.Ordinal);
        Assert.Contains("complete", await gantry.CtrOkAsync("image", "check"), StringComparison.Ordinal);
        Assert.Equal("hi\n", await gantry.CtrOkAsync("run", "--rm", images.Layered, "r", "echo", "hi"));
        await gantry.StopAsync();
        await gantry.StartAsync(Token);
        Assert.DoesNotContain("has worked on this root since", gantry.Log, StringComparison.Ordinal);
        await gantry.StopAsync();

        // While containerd works there again, nobody else does; and what it did is noticed.
        await containerd.StartAsync(Token);
        Assert.Contains("c4\n", await containerd.CtrOkAsync("container", "ls", "-q"), StringComparison.Ordinal);
        BufferedCommandResult refused = await gantry.GantryAsync("adopt", gantry.Root, "--dry-run");
        Assert.Equal(1, refused.ExitCode);
        await containerd.CtrOkAsync("namespaces", "create", "later");
        await containerd.StopAsync();
        await gantry.StartAsync(Token);
        Assert.Contains("has worked on this root since", gantry.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_root_on_which_containerd_runs_is_refused_by_command_and_daemon()
    {
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon gantry = GantryDaemon.On(containerd);

        BufferedCommandResult command = await gantry.GantryAsync("adopt", containerd.Root);
        BufferedCommandResult daemon = await gantry.RunAsync(
            Path.Combine(GantryDaemon.BinDirectory, "gantryd"),
            ["--root", containerd.Root, "--state", Path.Combine(containerd.Home, "s2"), "-a", Path.Combine(containerd.Home, "g.sock")],
            null);

        Assert.Equal((1, 1), (command.ExitCode, daemon.ExitCode));
        Assert.Contains("containerd still runs on this root", command.StandardError, StringComparison.Ordinal);
        Assert.Contains("containerd still runs on this root", daemon.StandardError, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(containerd.Root, "io.containerd.metadata.v1.bolt/gantry.db")));
    }

    private async Task<string> ScriptAsync(PrivateDaemon daemon, string name)
    {
        BufferedCommandResult result = await daemon.RunAsync(
            "/bin/bash",
            ["-c", "exec timeout 120 bash \"$0\" 2>&1", Path.Combine(AppContext.BaseDirectory, "AdoptScripts", name + ".sh")],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["IMAGE"] = images.Busybox,
                ["LAYERED_IMAGE"] = images.Layered,
            });
        Assert.True(result.ExitCode == 0, $"{name}: exit {result.ExitCode}\n{result.StandardOutput}\n{daemon.Tail()}");
        return result.StandardOutput;
    }

    /// <summary>Gives leases what ctr can't give them.</summary>
    private static async Task AddResourcesAsync(PrivateDaemon daemon)
    {
        await using GantryClient client = new(new GantryClientOptions { SocketPath = daemon.Address });
        NamespaceClient scope = client.In(Namespace.Default);
        string loose = Convert.ToHexStringLower(SHA256.HashData("kept by a lease\n"u8));
        await scope.Leases.AddResourceAsync("keep", new LeaseResource("sha256:" + loose, "content"), Token);
        await Images.ShellAsync("echo kept by a lease | ctr -a \"$1\" content ingest loose", daemon.Address);
        await scope.Leases.AddResourceAsync("flat", new LeaseResource("alone", "snapshots/native"), Token);
        await scope.Leases.AddResourceAsync("later", new LeaseResource("alone", "snapshots/overlayfs"), Token);
        await scope.Leases.AddResourceAsync("later", new LeaseResource("nothing yet", "ingests"), Token);
    }

    /// <summary>What the scripts do not show: bytes of specs and options, resources of leases, every snapshot.</summary>
    private static async Task<string> RecordsAsync(PrivateDaemon daemon)
    {
        await using GantryClient client = new(new GantryClientOptions { SocketPath = daemon.Address });
        List<string> lines = [];
        foreach (string ns in new[] { "default", "other" })
        {
            NamespaceClient scope = client.In(Namespace.Parse(ns));
            foreach (ContainerRecord container in await scope.Containers.ListAsync([], Token))
            {
                lines.Add($"{ns} {container.Id} {container.RuntimeName} {container.Spec!.TypeUrl} "
                    + $"{Convert.ToHexString(SHA256.HashData(container.Spec.Value.Span))} {container.RuntimeOptions?.TypeUrl} "
                    + Convert.ToHexString((container.RuntimeOptions?.Value ?? default).Span));
            }

            foreach (string snapshotter in new[] { "overlayfs", "native" })
            {
                await foreach (SnapshotInfo info in scope.Snapshots(snapshotter).ListAsync([], Token))
                {
                    lines.Add($"{ns} {snapshotter} {info.Kind} {info.Name} {info.Parent} {info.CreatedAt:O} {info.UpdatedAt:O} "
                        + string.Join(',', info.Labels.OrderBy(label => label.Key, StringComparer.Ordinal)));
                }
            }

            foreach (Lease lease in await scope.Leases.ListAsync([], Token))
            {
                IReadOnlyList<LeaseResource> resources = await scope.Leases.ListResourcesAsync(lease.Id, Token);
                lines.Add($"{ns} {lease.Id} {string.Join(' ', resources.Where(r => r.Type != "ingests").Select(r => $"{r.Type}:{r.Id}"))}");
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private static async Task<string> LooseContentAsync(GantryDaemon gantry)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData("kept by a lease\n"u8));
        return await gantry.CtrOkAsync("content", "get", "sha256:" + digest);
    }

    /// <summary>A file in the directory of a container's snapshot.</summary>
    private static async Task<string> FileOfAsync(GantryDaemon gantry, string snapshotter, string key, string path)
    {
        string mounts = await gantry.CtrOkAsync("snapshots", "--snapshotter", snapshotter, "mounts", "/target", key);
        string directory = snapshotter == "native"
            ? mounts.Split(' ', StringSplitOptions.RemoveEmptyEntries).First(word => word.Contains("/snapshots/", StringComparison.Ordinal))
            : mounts.Split(',', ' ').First(word => word.StartsWith("upperdir=", StringComparison.Ordinal))["upperdir=".Length..^3];
        return await File.ReadAllTextAsync(Path.Combine(directory, path), Token);
    }

    /// <summary>Every file that is no directory, with its kind, mode, owner, size, time and inode.</summary>
    private static async Task<List<string>> FilesAsync(string root)
    {
        string found = await Images.ShellAsync(
            """find "$1" ! -type d -printf '%p %y %m %U %G %s %T@ %i\n' | LC_ALL=C sort""", root);
        return [.. found.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string Distinct(string listing) =>
        string.Join('\n', listing.Split('\n').Distinct(StringComparer.Ordinal)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) + (line.Length > 0 ? " " : "")));

    private static Task EmptyAsync(string directory) => Poll.UntilAsync(
        () => !Directory.EnumerateFileSystemEntries(directory).Any(), $"{directory} is empty");

    private static Task ThereAsync(Func<Task<string>> list, string wanted) => Poll.UntilAsync(
        async () => (await list()).Contains(wanted, StringComparison.Ordinal), $"{wanted} is listed");
}
