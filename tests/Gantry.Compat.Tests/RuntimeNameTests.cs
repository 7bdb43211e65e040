using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Which program runs a container is told by the runtime's name, the configuration, or the client's options.</summary>
[Collection(ImagesCollection.Name)]
public sealed class RuntimeNameTests(Images images)
{
    private const string DebiansShim =
        """
        [plugins."io.containerd.internal.v1.gantry".shims]
        "io.containerd.runc.v2" = "containerd-shim-runc-v2"
        """;

    [Theory]
    [InlineData("io.containerd.runc.v2")]
    [InlineData("io.containerd.runc.v1")]
    [InlineData("io.containerd.runtime.v1.linux")]
    [InlineData("io.containerd.gantry.v1")]
    public async Task Names_of_old_are_run_by_the_shim_of_today(string runtime)
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);

        BufferedCommandResult result = await gantry.CtrAsync(
            "run", "--rm", "--runtime", runtime, images.Busybox, "named", "sh", "-c", "echo out; exit 6");

        Assert.Equal(("out\n", 6), (result.StandardOutput, result.ExitCode));
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task Crun_is_what_runs_when_nobody_chooses()
    {
        Needs.Program("crun");
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(
            "[plugins.\"io.containerd.internal.v1.gantry\"]\ndefault_executor = \"\"");
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);

        BufferedCommandResult result = await gantry.CtrAsync(
            "run", "--rm", images.Busybox, "usual", "sh", "-c", "echo out; exit 6");

        Assert.Equal(("out\n", 6), (result.StandardOutput, result.ExitCode));
        Assert.Matches("OCI runtime /[^ ,\"]*/crun", gantry.Log);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_client_names_a_program_of_its_own()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        string program = Path.Combine(gantry.Home, "own-runtime");
        string used = Path.Combine(gantry.Home, "used");
        await File.WriteAllTextAsync(
            program,
            $"#!/bin/sh\necho >>{used}\nexec {Needs.Program("runc")} \"$@\"\n",
            TestContext.Current.CancellationToken);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        BufferedCommandResult result = await gantry.CtrAsync(
            "run", "--rm", "--runc-binary", program, images.Busybox, "own", "sh", "-c", "exit 6");

        Assert.Equal(6, result.ExitCode);
        Assert.True(File.Exists(used), gantry.Tail());
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_container_of_Debians_shim_is_taken_up_by_the_next_daemon(bool killed)
    {
        Needs.Program("containerd-shim-runc-v2");
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(DebiansShim);
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync("run", "-d", images.Busybox, "live", "sleep", "1000");

        await (killed ? gantry.KillAsync() : gantry.StopAsync());
        await gantry.StartAsync(TestContext.Current.CancellationToken);
        BufferedCommandResult result = await gantry.RunAsync(
            "/bin/bash",
            [
                "-c",
                """
                for i in $(seq 200); do ctr task ls | grep -q 'live.*RUNNING' && break; sleep 0.1; done
                ctr task exec --exec-id e live sh -c 'echo in; exit 4'; echo "exec: $?"
                ctr task pause live; ctr task ls | grep -c PAUSED; ctr task resume live
                ctr task metrics live | grep -c memory.usage_in_bytes
                ctr task kill -s SIGKILL live
                for i in $(seq 200); do ctr task ls | grep -q 'live.*STOPPED' && break; sleep 0.1; done
                ctr task rm live 2>/dev/null; ctr container rm live
                ctr task ls -q; ctr container ls -q
                """,
            ],
            null);

        Assert.Equal("in\nexec: 4\n1\n1\n", result.StandardOutput);
        Assert.Empty(await gantry.LeftoversAsync());
    }
}
