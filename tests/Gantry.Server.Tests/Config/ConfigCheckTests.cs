using Gantry.Server.Config;
using Gantry.Testing;
using Xunit;

namespace Gantry.Server.Tests.Config;

/// <summary>What <c>gantryd config check</c> says of a file.</summary>
public sealed class ConfigCheckTests
{
    private static readonly DaemonConfig Defaults = ConfigDefaults.For(asContainerd: true);

    [Fact]
    public void A_check_names_each_unknown_key_and_the_nearest_known_one()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["main.toml"], "version = 2\nimports = [\"b.toml\"]\nrooot = \"/r\"\n[grpc]\nadress = \"/x\"");
        File.WriteAllText(directory["b.toml"], "version = 3\n[plugins.\"io.containerd.gc.v1.sheduler\"]\nx = 1\n[plugins.mine]\nx = 1");

        (IReadOnlyList<string> lines, bool mistaken) = ConfigCheck.Run(directory["main.toml"], "", Defaults);

        Assert.True(mistaken);
        Assert.Equal(
            [
                $"{directory["main.toml"]}:3: unknown key rooot; did you mean root?",
                $"{directory["main.toml"]}:5: unknown key grpc.adress; did you mean address?",
                $"{directory["b.toml"]}:2: unknown key plugins.\"io.containerd.gc.v1.sheduler\"; did you mean \"io.containerd.gc.v1.scheduler\"?",
                $"{directory["b.toml"]}:4: unknown key plugins.mine",
                $"{directory["main.toml"]}: read as version 2",
                $"{directory["b.toml"]}: read as version 3",
            ],
            lines);
    }

    [Fact]
    public void A_check_tells_of_tables_and_keys_without_effect_where_the_file_has_them()
    {
        using TempDirectory directory = new();
        File.WriteAllText(
            directory["c.toml"],
            """
            version = 2
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "pause"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"
            [debug]
              log_trace_id = true
            """);

        (IReadOnlyList<string> lines, bool mistaken) = ConfigCheck.Run(directory["c.toml"], "", Defaults);

        Assert.False(mistaken);
        Assert.Equal(
            [
                $"{directory["c.toml"]}:7: key debug.log_trace_id has no effect: log lines carry no trace ids.",
                $"{directory["c.toml"]}:2: plug-in io.containerd.grpc.v1.cri is not part of Gantry: its table has no effect",
                $"{directory["c.toml"]}: read as version 2",
            ],
            lines);
    }
}
