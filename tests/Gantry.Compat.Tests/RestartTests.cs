using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The daemon dies or stops, and comes back: containers do not notice, and nothing is lost.</summary>
[Collection(ImagesCollection.Name)]
public sealed class RestartTests(Images images)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_container_outlives_the_daemon_and_is_taken_up_again(bool killed)
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync("run", "-d", images.Busybox, "live", "sleep", "1000");
        string before = await gantry.CtrOkAsync("task", "ls");

        await (killed ? gantry.KillAsync() : gantry.StopAsync());
        await gantry.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(before, await WaitForAsync(gantry, "live"));
        BufferedCommandResult exec = await gantry.CtrAsync("task", "exec", "--exec-id", "e", "live", "sh", "-c", "echo in; exit 4");
        Assert.Equal(("in\n", 4), (exec.StandardOutput, exec.ExitCode));
        Task<BufferedCommandResult> events = gantry.RunAsync(
            "timeout", ["10", "sh", "-c", "ctr events | grep --line-buffered -m 1 /tasks/exit"], null);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await gantry.CtrOkAsync("task", "kill", "-s", "SIGKILL", "live");
        Assert.Contains("\"exit_status\":137", (await events).StandardOutput, StringComparison.Ordinal);
        await RemoveAsync(gantry, "live", 137);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task An_exit_while_the_daemon_is_down_arrives_when_it_is_back()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync("run", "-d", images.Busybox, "short", "sh", "-c", "sleep 2; exit 9");

        await gantry.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        await gantry.StartAsync(TestContext.Current.CancellationToken);

        Assert.Contains("STOPPED", await WaitForAsync(gantry, "short"), StringComparison.Ordinal);
        await RemoveAsync(gantry, "short", 9);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_shim_that_is_killed_ends_its_container_and_leaves_nothing()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync("run", "-d", images.Busybox, "victim", "sleep", "1000");
        Task<BufferedCommandResult> events = gantry.RunAsync(
            "timeout", ["10", "sh", "-c", "ctr events | grep --line-buffered -m 2 -E '/tasks/(exit|delete)'"], null);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        await Images.ShellAsync(
            """
            for p in /proc/[0-9]*; do
              case "$(readlink $p/exe)" in
                */containerd-shim-gantry-v1) tr '\0' ' ' <$p/cmdline | grep -- '-id victim ' | grep -q -F -- "$1" && kill -9 ${p#/proc/} ;;
              esac
            done
            true
            """,
            gantry.Address);

        string told = (await events).StandardOutput;
        Assert.Contains("/tasks/exit", told, StringComparison.Ordinal);
        Assert.Contains("/tasks/delete", told, StringComparison.Ordinal);
        Assert.DoesNotContain("victim", await gantry.CtrOkAsync("task", "ls"), StringComparison.Ordinal);
        await gantry.CtrOkAsync("container", "rm", "victim");
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task Everything_is_there_after_a_kill_as_it_was()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Layered);
        await gantry.CtrOkAsync("namespaces", "create", "other");
        await gantry.CtrOkAsync("leases", "create", "--id", "kept");
        await gantry.CtrOkAsync("container", "create", "--label", "a=b", images.Layered, "c1");
        string before = await EverythingAsync(gantry);

        await gantry.KillAsync();
        await gantry.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(before, await EverythingAsync(gantry));
    }

    private static async Task<string> EverythingAsync(GantryDaemon gantry) =>
        await gantry.CtrOkAsync("namespaces", "ls")
        + await gantry.CtrOkAsync("image", "ls")
        + await gantry.CtrOkAsync("image", "check")
        + await gantry.CtrOkAsync("content", "ls", "-q")
        + await gantry.CtrOkAsync("snapshots", "ls")
        + await gantry.CtrOkAsync("container", "ls")
        + await gantry.CtrOkAsync("leases", "ls");

    /// <summary>The task list, once it holds the task in a state that is known.</summary>
    private static async Task<string> WaitForAsync(GantryDaemon gantry, string id)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (true)
        {
            string tasks = await gantry.CtrOkAsync("task", "ls");
            if (tasks.Contains(id, StringComparison.Ordinal) && !tasks.Contains("UNKNOWN", StringComparison.Ordinal))
            {
                return tasks;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    private static async Task RemoveAsync(GantryDaemon gantry, string id, int exitCode)
    {
        BufferedCommandResult result = await gantry.RunAsync(
            "/bin/sh",
            ["-c", "for i in $(seq 100); do ctr task ls | grep -q \"$0.*STOPPED\" && break; sleep 0.1; done; ctr task rm $0 2>&1", id],
            null);
        Assert.Contains($"exit with non-zero exit code {exitCode}", result.StandardOutput, StringComparison.Ordinal);
        await gantry.CtrOkAsync("container", "rm", id);
    }
}
