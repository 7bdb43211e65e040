using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>A daemon whose content or layers are another program's work: images are pulled and run as ever.</summary>
[Collection(ImagesCollection.Name)]
public sealed class ProxyTests(Images images) : IAsyncLifetime
{
    private readonly List<PrivateDaemon> _daemons = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _daemons.Reverse();
        foreach (PrivateDaemon daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_image_whose_content_a_proxy_keeps_is_pulled_run_checked_and_removed(bool containerd)
    {
        PrivateDaemon backend = Add<PrivateDaemon>(containerd
            ? await ContainerdDaemon.StartNewAsync()
            : await GantryDaemon.StartNewAsync());
        GantryDaemon daemon = Add(await GantryDaemon.StartNewAsync(
            $"""
            disabled_plugins = ["io.containerd.content.v1.content"]
            [proxy_plugins.blobs]
            type = "content"
            address = "{backend.Address}"
            """));

        await daemon.CtrOkAsync("images", "pull", "--plain-http", images.Layered);
        Assert.Equal(
            "hello", (await daemon.CtrOkAsync("run", "--rm", images.Layered, "c1", "echo", "hello")).Trim());
        Assert.Matches("io.containerd.content.v1 +blobs ", await daemon.CtrOkAsync("plugins", "ls"));
        Assert.False(Directory.Exists(Path.Combine(daemon.Root, "io.containerd.content.v1.content")));
        Assert.Equal(await Digests(daemon, "default"), await Digests(backend, "gantry"));
        await OkAsync(daemon, "doctor");
        Assert.Contains("content/proxy", await OkAsync(daemon, "df"), StringComparison.Ordinal);

        // What the daemon committed is there after both were killed.
        await daemon.KillAsync();
        await daemon.StartAsync(TestContext.Current.CancellationToken);
        await daemon.CtrOkAsync("content", "get", (await Digests(daemon, "default"))[0]);

        await daemon.CtrOkAsync("images", "rm", "--sync", images.Layered);
        Assert.Empty(await Digests(daemon, "default"));
        Assert.Empty(await Digests(backend, "gantry"));
    }

    [Fact]
    public async Task Without_its_content_proxy_a_daemon_says_so_and_works_again_when_it_is_back()
    {
        GantryDaemon backend = Add(await GantryDaemon.StartNewAsync());
        GantryDaemon daemon = Add(await GantryDaemon.StartNewAsync(
            $"""
            disabled_plugins = ["io.containerd.content.v1.content"]
            [proxy_plugins.blobs]
            type = "content"
            address = "{backend.Address}"
            """));
        await daemon.CtrOkAsync("images", "pull", "--plain-http", images.Busybox);
        string digest = (await Digests(daemon, "default"))[0];

        await backend.StopAsync();
        BufferedCommandResult failed = await daemon.CtrAsync("content", "get", digest);
        await backend.StartAsync(TestContext.Current.CancellationToken);

        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains("proxy content store blobs: Read: ", failed.StandardError, StringComparison.Ordinal);
        Assert.Contains("unavailable", failed.StandardError, StringComparison.Ordinal);
        await daemon.CtrOkAsync("content", "get", digest);
    }

    [Fact]
    public async Task A_root_whose_content_a_proxy_keeps_is_not_taken_for_one_that_has_lost_it()
    {
        GantryDaemon backend = Add(await GantryDaemon.StartNewAsync());
        GantryDaemon daemon = Add(await GantryDaemon.StartNewAsync(
            $"""
            disabled_plugins = ["io.containerd.content.v1.content"]
            [proxy_plugins.blobs]
            type = "content"
            address = "{backend.Address}"
            """));
        await daemon.CtrOkAsync("images", "pull", "--plain-http", images.Busybox);
        await daemon.StopAsync();

        string gantryd = Path.Combine(GantryDaemon.BinDirectory, "gantryd");
        BufferedCommandResult blind = await daemon.RunAsync(gantryd, ["doctor", daemon.Root], null);
        BufferedCommandResult told = await daemon.RunAsync(
            gantryd, ["-c", Path.Combine(daemon.Home, "config.toml"), "doctor", daemon.Root], null);

        Assert.NotEqual(0, blind.ExitCode);
        Assert.Contains("its content is with the proxy blobs", blind.StandardError, StringComparison.Ordinal);
        Assert.True(told.ExitCode == 0, told.StandardOutput + told.StandardError);
    }

    [Theory]
    [InlineData("", "more than one content store (content, blobs)")]
    [InlineData("disabled_plugins = [\"io.containerd.content.v1.content\", \"io.containerd.content.v1.blobs\"]", "is disabled")]
    public async Task There_is_one_place_for_content(string disabled, string message)
    {
        using TempDirectory directory = new();
        string config = directory["config.toml"];
        await File.WriteAllTextAsync(
            config,
            $"version = 2\n{disabled}\n[proxy_plugins.blobs]\ntype = \"content\"\naddress = \"/nowhere\"\n",
            TestContext.Current.CancellationToken);
        GantryDaemon daemon = Add(new GantryDaemon());

        BufferedCommandResult result = await daemon.RunAsync(
            Path.Combine(GantryDaemon.BinDirectory, "gantryd"),
            ["-c", config, "--root", directory["root"], "--state", directory["state"], "-a", directory["s"]],
            null);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.StandardOutput + result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diff_proxy_that_is_named_first_unpacks_and_makes_layers()
    {
        // A differ finds the layers by itself: this one has pulled them too.
        PrivateDaemon backend = Add(await ContainerdDaemon.StartNewAsync());
        GantryDaemon daemon = Add(await GantryDaemon.StartNewAsync(
            $"""
            [proxy_plugins.other]
            type = "diff"
            address = "{backend.Address}"
            [plugins."io.containerd.service.v1.diff-service"]
            default = ["other", "walking"]
            """));
        await backend.CtrOkAsync("images", "pull", "--plain-http", images.Busybox);

        await daemon.CtrOkAsync("images", "pull", "--plain-http", images.Busybox);
        Assert.Equal(
            "hello", (await daemon.CtrOkAsync("run", "--rm", images.Busybox, "c1", "echo", "hello")).Trim());
        Assert.Matches("io.containerd.differ.v1 +other ", await daemon.CtrOkAsync("plugins", "ls"));

        await daemon.CtrOkAsync("snapshots", "prepare", "s1");
        await daemon.CtrOkAsync("snapshots", "commit", "s2", "s1");
        List<string> before = await Digests(backend, "default");
        await daemon.CtrAsync("snapshots", "diff", "--keep", "s2");
        Assert.Single((await Digests(backend, "default")).Except(before));

        await backend.StopAsync();
        BufferedCommandResult failed = await daemon.CtrAsync("images", "pull", "--plain-http", images.Layered);
        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains("proxy differ other: Apply: ", failed.StandardError, StringComparison.Ordinal);
    }

    private T Add<T>(T daemon)
        where T : PrivateDaemon
    {
        _daemons.Add(daemon);
        return daemon;
    }

    private static async Task<List<string>> Digests(PrivateDaemon daemon, string ns)
    {
        string list = await daemon.CtrOkAsync("-n", ns, "content", "ls", "-q");
        return [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private static async Task<string> OkAsync(GantryDaemon daemon, params IReadOnlyList<string> arguments)
    {
        BufferedCommandResult result = await daemon.GantryAsync(arguments);
        Assert.True(result.ExitCode == 0, result.StandardOutput + result.StandardError);
        return result.StandardOutput;
    }
}
