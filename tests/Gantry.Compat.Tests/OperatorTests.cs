using System.Net.Sockets;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>What who runs the daemon asks it for: its configuration, its figures, what it is made of.</summary>
public sealed class OperatorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SIGHUP_changes_the_log_level_and_the_registries_and_tells_what_needs_a_restart()
    {
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync("version = 2\n[debug]\nlevel = \"info\"");

        await running.WriteAsync(
            """
            version = 2
            [debug]
            level = "debug"
            [plugins."io.containerd.transfer.v1.local"]
            config_path = "/etc/other"
            [plugins."io.containerd.gc.v1.scheduler"]
            deletion_threshold = 5
            """);
        Signals.Send(running.ProcessId, Signals.SIGHUP);

        await Poll.UntilAsync(() => running.Log.Contains("needs a restart", StringComparison.Ordinal));
        Assert.Contains("changed: debug.level, plugins.\\\"io.containerd.transfer.v1.local\\\".config_path", running.Log, StringComparison.Ordinal);
        Assert.Contains("deletion_threshold has changed", running.Log, StringComparison.Ordinal);
        Assert.NotEqual(0, (await running.CtrAsync("-n", "x", "snapshots", "info", "none")).ExitCode);
        await Poll.UntilAsync(() => running.Log.Contains("level=debug", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SIGHUP_with_a_config_that_makes_no_sense_changes_nothing()
    {
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync("version = 2");

        await running.WriteAsync("version = 2\nroot = 5");
        Signals.Send(running.ProcessId, Signals.SIGHUP);

        await Poll.UntilAsync(() => running.Log.Contains("the old one stays", StringComparison.Ordinal));
        Assert.Contains("config.toml:2: key root must be a string", running.Log, StringComparison.Ordinal);
        Assert.Equal(0, (await running.CtrAsync("version")).ExitCode);
    }

    [Fact]
    public async Task SIGHUP_is_heard_again_after_one_that_failed_and_tells_what_is_odd_about_the_new_file()
    {
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync("version = 2");

        await running.WriteAsync("version = 2\nimports = [\"a\\u0000b\"]");
        Signals.Send(running.ProcessId, Signals.SIGHUP);
        await Poll.UntilAsync(() => running.Log.Contains("the old one stays", StringComparison.Ordinal));
        await running.WriteAsync("version = 2\nplugin_dir = \"/p\"");
        Signals.Send(running.ProcessId, Signals.SIGHUP);

        await Poll.UntilAsync(() => running.Log.Contains("configuration was read again", StringComparison.Ordinal));
        Assert.Contains("config.toml:2: key imports: a", running.Log, StringComparison.Ordinal);
        Assert.Contains("config.toml:2: key plugin_dir has no effect", running.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGUSR1_tells_threads_calls_and_memory()
    {
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync("version = 2");
        using GrpcChannel channel = UnixChannel.Open(running.Address);
        using Grpc.Core.AsyncServerStreamingCall<HealthCheckResponse> watch =
            new Health.HealthClient(channel).Watch(new HealthCheckRequest(), cancellationToken: Token);
        Assert.True(await watch.ResponseStream.MoveNext(Token));

        Signals.Send(running.ProcessId, Signals.SIGUSR1);

        await Poll.UntilAsync(() => running.Log.Contains("call /grpc.health.v1.Health/Watch", StringComparison.Ordinal));
        Assert.Contains("report: memory: ", running.Log, StringComparison.Ordinal);
        Assert.Contains("report: thread ", running.Log, StringComparison.Ordinal);
        Assert.Contains("report: collections: ", running.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_debug_socket_tells_figures_and_what_goes_on_but_no_profiles()
    {
        using TempDirectory directory = new();
        string socket = directory["debug.sock"];
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync($"version = 2\n[debug]\naddress = \"{socket}\"");
        using HttpClient http = new(new SocketsHttpHandler { ConnectCallback = (_, token) => ConnectAsync(socket, token) });

        using JsonDocument figures = JsonDocument.Parse(await http.GetStringAsync("http://d/debug/vars", Token));
        string dump = await http.GetStringAsync("http://d/debug/pprof/goroutine?debug=2", Token);
        using HttpResponseMessage profile = await http.GetAsync("http://d/debug/pprof/heap", Token);

        Assert.Equal(running.ProcessId, figures.RootElement.GetProperty("pid").GetInt32());
        Assert.True(figures.RootElement.GetProperty("gc").GetProperty("heap_bytes").GetInt64() > 0);
        Assert.Contains("thread pool: ", dump, StringComparison.Ordinal);
        Assert.Equal(501, (int)profile.StatusCode);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(socket));
        await running.StopAsync();
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public async Task The_plugins_are_those_of_containerd_under_its_names()
    {
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();

        IReadOnlyList<string> theirs = Plugins(await reference.CtrOkAsync("plugins", "ls"));
        IReadOnlyList<string> ours = Plugins(await daemon.CtrOkAsync("plugins", "ls"));

        // What containerd 2 has removed or renamed, what this machine lacks, and CRI, which is not part of Gantry.
        string[] gone =
        [
            "io.containerd.snapshotter.v1 aufs", "io.containerd.snapshotter.v1 devmapper", "io.containerd.snapshotter.v1 zfs",
            "io.containerd.runtime.v1 linux", "io.containerd.monitor.v1 cgroups", "io.containerd.internal.v1 restart",
            "io.containerd.internal.v1 opt", "io.containerd.internal.v1 tracing", "io.containerd.tracing.processor.v1 otlp",
            "io.containerd.grpc.v1 cri", "io.containerd.service.v1 leases-service",
        ];
        Assert.Empty(theirs.Except(ours).Except(gone));
        Assert.Contains("io.containerd.warning.v1 deprecations", ours);
        Assert.Contains("io.containerd.server.v1 grpc", ours);
    }

    [Fact]
    public async Task A_plugin_that_is_disabled_is_not_there()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync(
            "disabled_plugins = [\"io.containerd.grpc.v1.transfer\", \"io.containerd.snapshotter.v1.native\"]");

        string plugins = await daemon.CtrOkAsync("plugins", "ls");
        BufferedCommandResult usage = await daemon.CtrAsync("snapshots", "--snapshotter", "native", "ls");

        Assert.DoesNotMatch("io.containerd.grpc.v1 +transfer", plugins);
        Assert.DoesNotMatch("snapshotter.v1 +native", plugins);
        Assert.NotEqual(0, usage.ExitCode);
    }

    [Fact]
    public async Task The_health_service_answers_as_gRPC_has_it()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        using GrpcChannel channel = UnixChannel.Open(daemon.Address);
        Health.HealthClient client = new(channel);

        HealthCheckResponse response = await client.CheckAsync(new HealthCheckRequest(), cancellationToken: Token);
        Grpc.Core.RpcException unknown = await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            async () => await client.CheckAsync(new HealthCheckRequest { Service = "none" }, cancellationToken: Token));

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, response.Status);
        Assert.Equal(Grpc.Core.StatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_config_that_containerd_wrote_starts_the_daemon_and_passes_the_check()
    {
        using TempDirectory directory = new();
        string program = Needs.Published("gantryd");
        BufferedCommandResult written =
            await Cli.Wrap(Needs.Program("containerd")).WithArguments(["config", "default"]).ExecuteBufferedAsync(Token);
        await File.WriteAllTextAsync(directory["c.toml"], written.StandardOutput, Token);

        BufferedCommandResult check = await GantrydAsync(program, "config", "check", directory["c.toml"]);
        BufferedCommandResult migrated = await GantrydAsync(program, "-c", directory["c.toml"], "config", "migrate");
        await File.WriteAllTextAsync(directory["m.toml"], migrated.StandardOutput, Token);
        BufferedCommandResult again = await GantrydAsync(program, "config", "check", directory["m.toml"]);

        Assert.Equal(0, check.ExitCode);
        Assert.DoesNotContain("unknown key", check.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("read as version 4", again.StandardOutput, StringComparison.Ordinal);
        await using ConfiguredDaemon running = await ConfiguredDaemon.StartNewAsync(written.StandardOutput);
        Assert.DoesNotContain("level=warning msg=\"config", running.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("level=error", running.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_with_an_unknown_key_fails_and_names_file_line_and_the_nearest_key()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(directory["c.toml"], "version = 3\n[grpc]\nadress = \"/x\"\n", Token);

        BufferedCommandResult check = await GantrydAsync(Needs.Published("gantryd"), "config", "check", directory["c.toml"]);

        Assert.Equal(1, check.ExitCode);
        Assert.Contains(
            $"{directory["c.toml"]}:3: unknown key grpc.adress; did you mean address?\n", check.StandardOutput, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Plugins(string table) =>
        [.. table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(words => $"{words[0]} {words[1]}")];

    private static async Task<BufferedCommandResult> GantrydAsync(string program, params IReadOnlyList<string> arguments) =>
        await Cli.Wrap(program).WithArguments(arguments).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(Token);

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken token)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
