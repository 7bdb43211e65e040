using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Bundles that stand by themselves: plain runtimes run them, and what changes in them becomes an image.</summary>
[Collection(ImagesCollection.Name)]
public sealed class BundleTests(Images images) : IAsyncLifetime
{
    // Where crun does not know the machine's control groups, it gets a tree without the one of version 2.
    private const string Run = """
        set -e
        run() {
          case $1 in
            crun) unshare --mount --propagation private sh -c '
              if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
              exec crun run --bundle "$1" "$2"' sh "$2" "$3" ;;
            *) "$1" run --bundle "$2" "$3" ;;
          esac
        }
        run "$1" "$2" "gt-$$-$1" </dev/null
        """;

    private const string Change = """
        set -e
        cd "$1"
        echo added >opt/added
        mkdir -p opt/new/deep && echo deep >opt/new/deep/file
        rm opt/capped
        rm -r opt/op && mkdir opt/op && echo fresh >opt/op/fresh
        chmod 4711 opt/a/two
        chown 12:34 etc/group
        cp /bin/busybox opt/tool && setcap cap_net_admin+ep opt/tool
        setfattr -n user.note -v hello etc/passwd
        ln opt/added opt/added-link
        ln -s ../etc/passwd opt/sym
        mkfifo opt/pipe
        mknod opt/null c 1 3
        : >"opt/zürich and a space"
        touch -d @1500000000 opt/added
        """;

    private GantryDaemon? _daemon;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GantryDaemon Daemon => _daemon!;

    private string Bundle => Path.Combine(Daemon.Home, "bundle");

    public async ValueTask InitializeAsync() => _daemon = await GantryDaemon.StartNewAsync();

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
        {
            IReadOnlyList<string> leftovers = await _daemon.LeftoversAsync();
            await _daemon.DisposeAsync();
            Assert.Empty(leftovers);
        }
    }

    [Theory]
    [InlineData("--mount")]
    [InlineData("--read-only")]
    public async Task Plain_runtimes_run_a_bundle(string option)
    {
        await GantryAsync(
            "bundle", "create", "--plain-http", option, "-e", "A=b", "-w", "/tmp", "-u", "nobody", images.Busybox, Bundle,
            "--", "sh", "-c", "pwd; id -u; echo $A; hostname >/dev/null; ls /bin/busybox");
        string snapshots = await Daemon.CtrOkAsync("snapshots", "ls");

        foreach (string runtime in new[] { "runc", "crun" })
        {
            Needs.Program(runtime);
            Assert.Equal("/tmp\n65534\nb\n/bin/busybox\n", await Images.ShellAsync(Run, runtime, Bundle));
        }

        await GantryAsync("bundle", "delete", Bundle);
        Assert.False(Directory.Exists(Bundle));
        Assert.Equal(option == "--mount", snapshots.Contains("bundle-", StringComparison.Ordinal));
        Assert.DoesNotContain("bundle-", await Daemon.CtrOkAsync("snapshots", "ls"), StringComparison.Ordinal);
        Assert.Equal(2, (await Daemon.CtrOkAsync("content", "ls", "-q")).Split('\n').Length - 2);
    }

    [Theory]
    [InlineData("copy", "gzip", false)]
    [InlineData("mount", "none", true)]
    [InlineData("mount", "zstd", false)]
    public async Task What_changed_in_a_bundle_is_an_image_for_everybody(string rootfs, string compression, bool docker)
    {
        string name = $"{images.Registry}/packed:{rootfs}-{compression}";
        string source = docker ? await LayeredDockerAsync() : images.Layered;
        await GantryAsync(
            ["bundle", "create", "--plain-http", .. rootfs == "mount" ? new[] { "--mount" } : [], source, Bundle]);
        await Images.ShellAsync(Change, Bundle + "/rootfs");
        string expected = await FileTree.DescribeAsync(Bundle + "/rootfs");

        await GantryAsync(
            "bundle", "pack", "--compression", compression, "--author", "me", "-m", "why", "--change", "CMD [\"cat\", \"/opt/added\"]",
            "--change", "ENV NEW=\"a b\" PATH=/bin", "--change", "LABEL k=v", Bundle, name);

        Assert.Equal("added\n", await GantryAsync("run", "--rm", name));
        await Daemon.CtrOkAsync("image", "push", "--plain-http", name);
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        AssertSame(expected, await FileTree.OfImageAsync(reference, name));
        using TempDirectory work = new();
        string inspected = await Images.ShellAsync(
            "skopeo inspect --config --tls-verify=false docker://$1; skopeo inspect --raw --tls-verify=false docker://$1", name);
        Assert.Contains("\"NEW=a b\"", inspected, StringComparison.Ordinal);
        Assert.Contains("\"created_by\":\"gantry bundle pack\"", inspected.Replace(": ", ":", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(docker, inspected.Contains("vnd.docker.image.rootfs.diff.tar\"", StringComparison.Ordinal));
        if (compression != "zstd")
        {
            await Images.ShellAsync(
                "skopeo copy --quiet --src-tls-verify=false docker://$1 oci:$2:t", name, work["layout"]);
            AssertSame(expected, await FileTree.OfUmociAsync(work["layout"] + ":t"));
        }

        await GantryAsync("bundle", "delete", Bundle);
    }

    [Fact]
    public async Task The_same_changes_make_the_same_image_and_none_make_no_layer()
    {
        await GantryAsync("bundle", "create", "--plain-http", "--mount", images.Busybox, Bundle);
        Dictionary<string, string?> epoch = new() { ["SOURCE_DATE_EPOCH"] = "1600000000" };
        BufferedCommandResult same = await RunAsync(epoch, "bundle", "pack", Bundle, "local/same:1");
        await File.WriteAllTextAsync(Bundle + "/rootfs/etc/new", "new", Token);

        BufferedCommandResult first = await RunAsync(epoch, "bundle", "pack", Bundle, "local/first:1");
        BufferedCommandResult second = await RunAsync(epoch, "bundle", "pack", Bundle, "local/second:1");

        Assert.Contains("no layer", same.StandardError, StringComparison.Ordinal);
        Assert.Contains("manifest sha256:", first.StandardError, StringComparison.Ordinal);
        Assert.Equal(first.StandardError, second.StandardError);
        Assert.Equal("docker.io/local/first:1\n", first.StandardOutput);
        await GantryAsync("bundle", "delete", Bundle);
    }

    [Fact]
    public async Task A_mounted_bundle_keeps_its_image_and_can_be_mounted_again()
    {
        await GantryAsync("bundle", "create", "--plain-http", "--mount", images.Busybox, Bundle);
        await File.WriteAllTextAsync(Bundle + "/rootfs/kept", "kept", Token);
        await GantryAsync("rmi", "--sync", images.Busybox);
        await GantryAsync("bundle", "unmount", Bundle);
        Assert.False(File.Exists(Bundle + "/rootfs/kept"));

        await GantryAsync("bundle", "mount", Bundle);
        await FailsAsync("mounted already", "bundle", "mount", Bundle);
        await GantryAsync("bundle", "pack", Bundle, "local/kept:1");

        Assert.Equal("kept", await GantryAsync("run", "--rm", "local/kept:1", "cat", "/kept"));
        await GantryAsync("bundle", "delete", Bundle);
        await GantryAsync("rmi", "--sync", "local/kept:1");
        Assert.Equal("", await Daemon.CtrOkAsync("content", "ls", "-q"));
    }

    [Fact]
    public async Task A_running_container_is_committed_and_goes_on()
    {
        await GantryAsync("pull", "--plain-http", images.Busybox);
        await GantryAsync(
            "run", "-d", "--name", "live", images.Busybox, "sh", "-c", "echo made >/made; while :; do sleep 1; done");
        await Images.ShellAsync(
            "for i in $(seq 300); do [ \"$(\"$1\" -a \"$2\" exec live cat /made 2>/dev/null)\" = made ] && exit; sleep 0.1; done; exit 1",
            [Path.Combine(GantryDaemon.BinDirectory, "gantry"), Daemon.Address]);

        foreach (string pause in new[] { "--pause=true", "--pause=false" })
        {
            await GantryAsync("commit", pause, "--change", "CMD [\"cat\", \"/made\"]", "live", "local/committed:1");
            Assert.Equal("made\n", await GantryAsync("run", "--rm", "local/committed:1"));
            Assert.Equal("on\n", await GantryAsync("exec", "live", "echo", "on"));
        }

        await GantryAsync("rm", "-f", "live");
        await FailsAsync("not found", "commit", "live", "local/gone:1");
        await Daemon.CtrOkAsync("container", "create", "--rootfs", "/", "bare");
        await FailsAsync("it has no snapshot", "commit", "bare", "local/gone:1");
        await GantryAsync("rm", "bare");
    }

    [Fact]
    public async Task What_can_not_be_done_is_said_and_leaves_nothing()
    {
        await FailsAsync("not found", "bundle", "create", "--plain-http", $"{images.Registry}/absent:1", Bundle);
        await FailsAsync("no bundle.json", "bundle", "pack", Bundle, "local/x:1");
        Directory.CreateDirectory(Bundle);
        await File.WriteAllTextAsync(Bundle + "/file", "mine", Token);
        await FailsAsync("directory not empty", "bundle", "create", "--plain-http", images.Busybox, Bundle);
        await FailsAsync("not a directory", "bundle", "create", images.Busybox, Bundle + "/file");
        await FailsAsync("no bundle.json", "bundle", "delete", Bundle);
        await File.WriteAllTextAsync(Bundle + "/bundle.json", "{\"version\":7}", Token);
        await FailsAsync("bundle.json", "bundle", "delete", Bundle);
        await File.WriteAllTextAsync(Bundle + "/bundle.json", "no json", Token);
        await FailsAsync("malformed", "bundle", "delete", Bundle);
        Assert.Equal("mine", await File.ReadAllTextAsync(Bundle + "/file", Token));
        string other = Bundle + "2";
        await FailsAsync("nouser", "bundle", "create", "--mount", "-u", "nouser", images.Busybox, other);
        await FailsAsync("snapshotter not loaded", "bundle", "create", "--mount", "--snapshotter", "none", images.Busybox, other);
        Assert.False(Directory.Exists(other));
        Assert.DoesNotContain("bundle-", await Daemon.CtrOkAsync("snapshots", "ls"), StringComparison.Ordinal);
        await GantryAsync("bundle", "create", images.Busybox, other);
        await FailsAsync("local/UPPER", "bundle", "pack", other, "local/UPPER:1");
        await FailsAsync("no instruction", "bundle", "pack", other, "local/x:1", "--change", "RUN true");
        await FailsAsync("namespace", "-n", "elsewhere", "bundle", "pack", other, "local/x:1");
        await FailsAsync("a copy", "bundle", "mount", other);
        await GantryAsync("rmi", "--sync", images.Busybox);
        await FailsAsync("is not here any more", "bundle", "pack", other, "local/x:1");
        await GantryAsync("bundle", "delete", other);
    }

    private static void AssertSame(string expected, string actual)
    {
        string left = Comparable(expected);
        string right = Comparable(actual);
        Assert.True(left == right, FileTree.Difference(left, right));
    }

    // An overlay can't tell how many links a file of a lower layer has; a directory in which an upper layer changes
    // something gets its time from whoever unpacks it.
    private static string Comparable(string tree) =>
        FileTree.WithoutDirectoryTimes(FileTree.WithoutLinkCounts(tree));

    private async Task<string> LayeredDockerAsync() =>
        await images.Server.PushAsync("oci:" + images.LayeredLayout, "layered-docker:latest", "v2s2", Token);

    private Task<BufferedCommandResult> RunAsync(
        IReadOnlyDictionary<string, string?>? environment,
        params IReadOnlyList<string> arguments) =>
        Daemon.RunAsync(Path.Combine(GantryDaemon.BinDirectory, "gantry"), arguments, environment);

    private async Task<string> GantryAsync(params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await RunAsync(null, arguments);
        Assert.True(
            result.ExitCode == 0,
            $"gantry {string.Join(' ', arguments)}: exit {result.ExitCode}\n{result.StandardError}{Daemon.Tail()}");
        return result.StandardOutput;
    }

    private async Task FailsAsync(string message, params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await RunAsync(null, arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", result.StandardError, StringComparison.Ordinal);
    }
}
