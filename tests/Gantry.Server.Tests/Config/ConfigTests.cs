using Gantry.Archive.Processors;
using Gantry.Core;
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
        Assert.Equal(TimeSpan.FromSeconds(7), config.Timeouts["io.containerd.timeout.shim.load"]);
        Assert.False(config.ShareContent);
        Assert.Equal(0.5, config.Gc.PauseThreshold);
        Assert.Equal(TimeSpan.FromSeconds(90), config.Gc.StartupDelay);
        Assert.Equal("/usr/bin/crun", config.DefaultExecutor);
        Assert.Equal("/usr/bin/containerd-shim-runc-v2", config.ShimBinaries["io.containerd.runc.v2"]);
        Assert.Equal(["oom_score"], config.UnknownKeys);
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
    [InlineData("version = 1", "version 1 is not supported")]
    [InlineData("version = 99", "version 99 is not supported")]
    [InlineData("root = \"/r\"", "version 1 is not supported")]
    [InlineData("version = 2\nroot = 5", "config key root must be a string")]
    [InlineData("version = 2\n[grpc]\nuid = -1", "config key grpc.uid must be between 0 and 2147483647")]
    [InlineData("version = 2\ngrpc = 5", "config key grpc must be a table")]
    [InlineData("version = 2\n[timeouts]\na = \"5 bananas\"", "config key timeouts.a must be a duration")]
    [InlineData("version = 2\n[debug]\nlevel = \"loud\"", "not a valid log level")]
    [InlineData("version = 2\nroot = ", "config x.toml")]
    public void What_is_wrong_is_named(string text, string expected)
    {
        GantryException error = Assert.Throws<GantryException>(() => Parse(text));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_keys_are_remembered_with_their_tables()
    {
        DaemonConfig config = Parse(
            """
            version = 3
            [plugins."io.containerd.cri.v1.runtime"]
              enable_selinux = true
            [grpc]
              tcp_address = ""
            """);

        Assert.Equal(["plugins.\"io.containerd.cri.v1.runtime\"", "grpc.tcp_address"], config.UnknownKeys);
    }

    [Fact]
    public void Imports_are_merged()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["main.toml"], "version = 2\nimports = [\"conf.d/*.toml\"]\nroot = \"/a\"\n[grpc]\nuid = 1");
        Directory.CreateDirectory(directory["conf.d"]);
        File.WriteAllText(directory["conf.d/1.toml"], "version = 2\nroot = \"/b\"\n[grpc]\ngid = 2");
        File.WriteAllText(directory["conf.d/2.toml"], "version = 2\nroot = \"/c\"");

        DaemonConfig config = ConfigLoader.Load(directory["main.toml"], Defaults);

        Assert.Equal("/c", config.Root);
        Assert.Equal((1, 2), (config.Grpc.UserId, config.Grpc.GroupId));
    }

    [Fact]
    public void What_is_written_reads_the_same()
    {
        DaemonConfig config = Parse(ConfigWriter.Write(Defaults));

        Assert.Equal(ConfigWriter.Write(Defaults), ConfigWriter.Write(config));
        Assert.Empty(config.UnknownKeys);
    }

    [Theory]
    [InlineData("5s", 5000)]
    [InlineData("1h1m1s", 3_661_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("250ms", 250)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("-2s", -2000)]
    public void Durations_are_those_of_Go(string text, double milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out TimeSpan value));
        Assert.Equal(milliseconds, value.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("1.2.3s")]
    [InlineData("99999999999999999h")]
    public void Other_durations_are_none(string text) => Assert.False(GoDuration.TryParse(text, out _));

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

    private static DaemonConfig Parse(string text) => ConfigLoader.Parse(text, "x.toml", Defaults);
}
