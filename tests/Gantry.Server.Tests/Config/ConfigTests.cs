using System.Globalization;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Archive.Processors;
using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Server.Logging;
using Gantry.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gantry.Server.Tests.Config;

public sealed class ConfigTests
{
    private static readonly DaemonConfig Defaults = ConfigDefaults.For(asContainerd: true);

    [Fact]
    public void Stream_processors_are_read_and_written()
    {
        DaemonConfig config = Parse(
            """
            version = 2
            [stream_processors]
              [stream_processors."a.v1.tar"]
                accepts = ["x/a", "x/b"]
                returns = "application/vnd.oci.image.layer.v1.tar"
                path = "decode"
                args = ["-k", "/keys"]
                env = ["A=b"]
            """);

        StreamProcessor processor = Assert.Single(config.StreamProcessors);
        Assert.Equal("a.v1.tar", processor.Id);
        Assert.Equal(["x/a", "x/b"], processor.Accepts);
        Assert.Equal("application/vnd.oci.image.layer.v1.tar", processor.Returns);
        Assert.Equal("decode", processor.Path);
        Assert.Equal(["-k", "/keys"], processor.Arguments);
        Assert.Equal(["A=b"], processor.Environment);
        Assert.Empty(config.UnknownKeys);
        Assert.Equivalent(processor, Assert.Single(Parse(ConfigWriter.Write(config)).StreamProcessors));
    }

    [Fact]
    public void Whether_each_layer_is_synced_is_read_and_written()
    {
        DaemonConfig config = Parse("version = 2\n[plugins.\"io.containerd.service.v1.diff-service\"]\nsync_fs = true");

        Assert.True(config.SyncLayers);
        Assert.Empty(config.UnknownKeys);
        Assert.True(Parse(ConfigWriter.Write(config)).SyncLayers);
        Assert.False(Parse("version = 2").SyncLayers);
    }

    [Fact]
    public void A_stream_processor_without_a_program_is_an_error_that_names_the_key()
    {
        GantryException error = Assert.Throws<GantryException>(
            () => Parse("version = 2\n[stream_processors.\"a.b\"]\nreturns = \"x\""));

        Assert.Contains("stream_processors.\"a.b\".path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_2_is_read()
    {
        DaemonConfig config = Parse(
            """
            version = 2
            root = "/r"
            state = "/s"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            oom_score = -999
            [grpc]
              address = "/s/a.sock"
              uid = 1
              gid = 2
              max_recv_message_size = 1000
            [debug]
              level = "debug"
              format = "json"
            [timeouts]
              "io.containerd.timeout.shim.load" = "7s"
            [plugins]
              [plugins."io.containerd.metadata.v1.bolt"]
                content_sharing_policy = "isolated"
              [plugins."io.containerd.gc.v1.scheduler"]
                pause_threshold = 0.5
                startup_delay = "1m30s"
              [plugins."io.containerd.internal.v1.gantry"]
                default_executor = "/usr/bin/crun"
                [plugins."io.containerd.internal.v1.gantry".shims]
                  "io.containerd.runc.v2" = "/usr/bin/containerd-shim-runc-v2"
            """);

        Assert.Equal("/r", config.Root);
        Assert.Equal("/s", config.State);
        Assert.Equal(new SocketConfig { Address = "/s/a.sock", UserId = 1, GroupId = 2 }, config.Grpc);
        Assert.Equal("/s/a.sock.ttrpc", config.TtrpcAddress);
        Assert.Equal(1000, config.Limits.MaxReceiveMessageSize);
        Assert.Equal(16 << 20, config.Limits.MaxSendMessageSize);
        Assert.Equal(LogLevel.Debug, config.LogLevel);
        Assert.Equal(LogFormat.Json, config.LogFormat);
        Assert.Equal(TimeSpan.FromSeconds(7), config.Deadlines.ShimLoad);
        Assert.False(config.ShareContent);
        Assert.Equal(0.5, config.Gc.PauseThreshold);
        Assert.Equal(TimeSpan.FromSeconds(90), config.Gc.StartupDelay);
        Assert.Equal("/usr/bin/crun", config.DefaultExecutor);
        Assert.Equal("/usr/bin/containerd-shim-runc-v2", config.ShimBinaries["io.containerd.runc.v2"]);
        Assert.Equal(-999, config.OomScore);
        Assert.Empty(config.UnknownKeys);
    }

    [Fact]
    public void Version_4_moves_the_sockets()
    {
        DaemonConfig config = Parse(
            """
            version = 4
            [plugins."io.containerd.server.v1.grpc"]
              address = "/x/g.sock"
            [plugins."io.containerd.server.v1.ttrpc"]
              address = "/x/t.sock"
            """);

        Assert.Equal("/x/g.sock", config.Grpc.Address);
        Assert.Equal("/x/t.sock", config.TtrpcAddress);
    }

    [Theory]
    [InlineData("version = 99", "config x.toml:1: key version: version 99 is not supported")]
    [InlineData("version = 2\nroot = 5", "config x.toml:2: key root must be a string")]
    [InlineData("version = 2\n[grpc]\nuid = -1", "config x.toml:3: key grpc.uid must be between 0 and 2147483647")]
    [InlineData("version = 2\ngrpc = 5", "config x.toml:2: key grpc must be a table")]
    [InlineData(
        "version = 2\n[timeouts]\n\"io.containerd.timeout.shim.load\" = \"5 bananas\"",
        "config x.toml:3: key timeouts.\"io.containerd.timeout.shim.load\" must be a duration")]
    [InlineData("version = 2\n[debug]\nlevel = \"loud\"", "config x.toml:3: key debug.level must be \"trace\" or")]
    [InlineData("version = 2\nroot = ", "config x.toml:2: Unexpected")]
    [InlineData("version = 2\nroot = \"/a\"\nroot = \"/b\"", "config x.toml:3: ")]
    [InlineData("version = 2\n[grpc]\nuid = 1\n[grpc]\ngid = 1", "config x.toml:4: ")]
    [InlineData("version = 2\ndisabled_plugins = [\"cri\"]", "config x.toml:2: key disabled_plugins must be names as io.containerd")]
    [InlineData(
        "version = 2\n[plugins.\"io.containerd.gc.v1.scheduler\"]\nschedule_delay = \"-1s\"",
        "config x.toml:3: key plugins.\"io.containerd.gc.v1.scheduler\".schedule_delay must be 0s or more, and not \"-1s\"")]
    [InlineData(
        "version = 3\n[plugins.\"io.containerd.monitor.container.v1.restart\"]\ninterval = \"1177h\"",
        "restart\".interval must be no more than 49 days, and not \"1177h\"")]
    [InlineData("version = 2\noom_score = 1001", "config x.toml:2: key oom_score must be between -1000 and 1000")]
    public void What_is_wrong_is_named(string text, string expected)
    {
        GantryException error = Assert.Throws<GantryException>(() => Parse(text));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_keys_are_remembered_with_their_places()
    {
        DaemonConfig config = Parse(
            """
            version = 3
            rot = "/r"
            [plugins."io.containerd.cri.v1.runtime"]
              enable_selinux = true
            [plugins."io.containerd.gc.v1.scheduler"]
              pause_treshold = 0.1
            [grpc]
              adress = ""
            [proxy_plugins.x]
              type = "snapshot"
              address = "/x"
              adress = "/y"
            """);

        Assert.Equal(
            [
                "x.toml:2: key rot",
                "x.toml:6: key plugins.\"io.containerd.gc.v1.scheduler\".pause_treshold",
                "x.toml:8: key grpc.adress",
                "x.toml:12: key proxy_plugins.x.adress",
            ],
            config.UnknownKeys.OrderBy(key => int.Parse(key.Split(':')[1], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        DaemonConfig config = Parse(ConfigWriter.Write(Defaults));

        Assert.Equal(ConfigWriter.Write(Defaults), ConfigWriter.Write(config));
        Assert.Empty(config.UnknownKeys);
    }

    [Fact]
    public void Keys_of_snapshotters_and_proxies_are_read_and_written()
    {
        DaemonConfig config = Parse(
            """
            version = 3
            [proxy_plugins.stargz]
              type = "snapshot"
              address = "/run/stargz.sock"
              platform = "linux/arm64"
              capabilities = ["a"]
              [proxy_plugins.stargz.exports]
                enable_remote_snapshot_annotations = "true"
            [plugins."io.containerd.snapshotter.v1.btrfs"]
              root_path = "/b"
            [plugins."io.containerd.snapshotter.v1.overlayfs"]
              root_path = "/o"
              upperdir_label = true
              sync_remove = true
              slow_chown = true
              mount_options = ["index=off"]
            """);

        Assert.Empty(config.UnknownKeys);
        Assert.Equal(("/b", "/o"), (config.SnapshotterRoots["btrfs"], config.SnapshotterRoots["overlayfs"]));
        Assert.True(config.Overlay is { ShowUpperDirectory: true, RemoveSynchronously: true, AllowSlowChown: true });
        Assert.Equal(["index=off"], config.Overlay.MountOptions!);
        ProxyPluginConfig proxy = Assert.Single(config.ProxyPlugins);
        Assert.Equal(("stargz", "snapshot", "/run/stargz.sock"), (proxy.Name, proxy.Type, proxy.Address));
        Assert.Equal("true", proxy.Exports["enable_remote_snapshot_annotations"]);
        Assert.Equivalent(proxy, Assert.Single(Parse(ConfigWriter.Write(config)).ProxyPlugins));
    }

    [Theory]
    [InlineData("[proxy_plugins.x]\ntype = \"snapshot\"", "proxy_plugins.x.address is missing")]
    [InlineData("[proxy_plugins.x]\naddress = \"/a\"", "proxy_plugins.x.type is missing")]
    [InlineData("[proxy_plugins.x]\ntype = \"other\"\naddress = \"/a\"", "no type \"other\"")]
    [InlineData("[proxy_plugins.\"a/b\"]\ntype = \"snapshot\"\naddress = \"/a\"", "no name \"a/b\"")]
    public void A_proxy_that_makes_no_sense_is_refused(string text, string reason)
    {
        GantryException error = Assert.Throws<GantryException>(() => Parse("version = 3\n" + text));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_version_is_of_version_1_and_calls_plugins_by_their_ids()
    {
        DaemonConfig config = Parse(
            """
            disabled_plugins = ["btrfs", "cri"]
            [plugins.overlayfs]
              root_path = "/o"
            [plugins.restart]
              interval = "7s"
            [plugins."io.containerd.gc.v1.scheduler"]
              deletion_threshold = 5
            [[stream_processors]]
              id = "a"
              returns = "b"
              path = "c"
            """);

        Assert.Equal("/o", config.SnapshotterRoots["overlayfs"]);
        Assert.Equal(TimeSpan.FromSeconds(7), config.RestartInterval);
        Assert.Equal(5, config.Gc.DeletionThreshold);
        Assert.True(config.IsDisabled("io.containerd.snapshotter.v1", "btrfs"));
        Assert.Equal("a", Assert.Single(config.StreamProcessors).Id);
        Assert.Equal("gantry.deprecation/config-version-1", Assert.Single(config.Deprecations).Id);
        Assert.Empty(config.UnknownKeys);
    }

    [Theory]
    [InlineData("version = 2\nplugin_dir = \"/p\"", "key plugin_dir has no effect")]
    [InlineData("version = 2\n[grpc]\ntcp_address = \"1.2.3.4:5\"", "x.toml:3: key grpc.tcp_address has no effect")]
    public void A_key_that_can_not_do_what_it_says_is_warned_of(string text, string warning)
    {
        DaemonConfig config = Parse(text);

        Assert.Contains(warning, Assert.Single(config.Warnings), StringComparison.Ordinal);
        Assert.Empty(config.UnknownKeys);
    }

    [Fact]
    public void A_key_without_effect_takes_any_number_and_is_remembered_when_it_is_not_the_usual_one()
    {
        DaemonConfig config = Parse(
            """
            version = 3
            [plugins."io.containerd.transfer.v1.local"]
              max_concurrent_unpacks = 99999999999
              check_platform_supported = false
            """);

        Assert.StartsWith(
            "x.toml:3: key plugins.\"io.containerd.transfer.v1.local\".max_concurrent_unpacks has no effect: ",
            Assert.Single(config.InertKeys),
            StringComparison.Ordinal);
        Assert.Empty(config.Warnings);
    }

    [Fact]
    public void An_age_may_be_as_long_as_one_likes()
    {
        DaemonConfig config = Parse("version = 3\n[plugins.\"io.containerd.internal.v1.gantry\"]\nevent_log_max_age = \"8760h\"");

        Assert.Equal(TimeSpan.FromDays(365), config.EventLog.MaxAge);
    }

    [Fact]
    public void Metrics_of_containers_can_be_switched_off()
    {
        DaemonConfig config = Parse("version = 2\n[plugins.\"io.containerd.monitor.v1.cgroups\"]\nno_prometheus = true");

        Assert.False(config.Metrics.Containers);
        Assert.False(Parse(ConfigWriter.Write(config)).Metrics.Containers);
        Assert.True(Defaults.Metrics.Containers);
    }

    [Theory]
    [InlineData("log-level", "loud", "flag --log-level must be \"trace\" or ")]
    [InlineData("log-format", "xml", "flag --log-format must be \"text\" or \"json\", and not \"xml\"")]
    public void A_flag_is_read_as_its_key_is(string flag, string value, string expected)
    {
        GantryException error = Assert.Throws<GantryException>(() => ConfigFlags.Apply(Defaults, flag, value));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(LogLevel.Debug, ConfigFlags.Apply(Defaults, "log-level", "debug").LogLevel);
        Assert.Equal("/x", ConfigFlags.Apply(Defaults, ConfigFlags.Address, "/x").Grpc.Address);
    }

    [Fact]
    public async Task What_containerd_itself_writes_is_read_without_complaint()
    {
        BufferedCommandResult written = await Cli.Wrap(Needs.Program("containerd")).WithArguments(["config", "default"])
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);

        DaemonConfig config = Parse(written.StandardOutput);

        Assert.Equal("/run/containerd/containerd.sock", config.Grpc.Address);
        Assert.Equal(2, config.StreamProcessors.Count);
        Assert.Empty(config.UnknownKeys);
        Assert.Empty(config.Warnings);
        Assert.Empty(config.Deprecations);
    }

    [Fact]
    public void What_is_migrated_says_the_same()
    {
        using TempDirectory directory = new();
        File.WriteAllText(
            directory["a.toml"],
            """
            root = "/r"
            [grpc]
              address = "/a.sock"
              uid = 3
            [debug]
              address = "/d.sock"
              level = "warn"
            [metrics]
              address = "127.0.0.1:1"
            [plugins.cri]
              sandbox_image = "pause"
              stream_server_port = "5"
              [plugins.cri.containerd]
                snapshotter = "native"
                default_runtime_name = "x"
            """);

        string migrated = ConfigLoader.Migrate(directory["a.toml"]);

        File.WriteAllText(directory["b.toml"], migrated);
        Assert.Equal(
            ConfigWriter.Write(ConfigLoader.Load(directory["a.toml"], Defaults)),
            ConfigWriter.Write(ConfigLoader.Load(directory["b.toml"], Defaults)));
        Assert.Equal(migrated, ConfigLoader.Migrate(directory["b.toml"]));
        Assert.Contains("version = 4", migrated, StringComparison.Ordinal);
        Assert.Contains("[plugins.\"io.containerd.cri.v1.images\".pinned_images]\nsandbox = \"pause\"", migrated, StringComparison.Ordinal);
        Assert.Contains("[plugins.\"io.containerd.grpc.v1.cri\"]\nstream_server_port = \"5\"", migrated, StringComparison.Ordinal);
        Assert.Contains("[plugins.\"io.containerd.server.v1.debug\"]\naddress = \"/d.sock\"", migrated, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_with_its_comments_reads_as_the_defaults()
    {
        string text = ConfigWriter.WriteCommented(Defaults);

        Assert.Equal(ConfigWriter.Write(Defaults), ConfigWriter.Write(Parse(text)));
        Assert.Contains("# The time between the start and the first collection.\nstartup_delay", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_of_all_keys_is_the_one_that_the_table_makes()
    {
        string page = Path.Combine(Repository(), "docs", "config.md");

        Assert.Equal(ConfigDocs.Write(), File.ReadAllText(page));
    }

    private static string Repository()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Gantry.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }

    private static DaemonConfig Parse(string text) => ConfigLoader.Parse(text, "x.toml", Defaults);
}
