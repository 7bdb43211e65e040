using System.Globalization;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Containers that run while one daemon takes the other's place go on, and each daemon can do all with them.</summary>
[Collection(ImagesCollection.Name)]
public sealed class TakeoverTests(Images images)
{
    private const string Count = "i=0; while true; do i=$((i+1)); echo $i; sleep 0.05; done";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Running_containers_go_from_containerd_to_Gantry_and_back_and_notice_nothing()
    {
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync(GantryDaemon.BinDirectory);
        await using GantryDaemon gantry = GantryDaemon.On(containerd);
        using TempDirectory work = new();
        await containerd.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        string[] counters = [Unique("own"), Unique("ours")];
        string goes = Unique("goes");
        string made = Unique("made");
        await CountAsync(containerd, work, counters[0], "io.containerd.runc.v2");
        await CountAsync(containerd, work, counters[1], "io.containerd.gantry.v1");
        await containerd.CtrOkAsync(
            "run", "-d", "--mount", $"type=bind,src={work.Path},dst=/w,options=rbind:ro", images.Busybox, goes,
            "sh", "-c", "until [ -e /w/go ]; do sleep 0.05; done; exit 5");
        int goesPid = await PidAsync(containerd, goes);

        // One goes while no daemon is there.
        await containerd.StopAsync();
        await File.WriteAllTextAsync(work["go"], "", Token);
        await Poll.UntilAsync(() => !Directory.Exists($"/proc/{goesPid}"), "its end");
        await gantry.StartAsync(Token);

        // Gantry has them all, and can do all with them.
        await StatusAsync(gantry, goes, "STOPPED");
        await UseAsync(gantry, work, counters);
        BufferedCommandResult removal = await gantry.CtrAsync("task", "rm", goes);
        Assert.Contains("exit code 5", removal.StandardError, StringComparison.Ordinal);
        Assert.Contains("default/" + goes, gantry.Log, StringComparison.Ordinal);
        await gantry.CtrOkAsync("task", "start", "-d", goes);
        await EndAsync(gantry, goes);
        await gantry.CtrOkAsync("run", "-d", images.Busybox, made, "sleep", "1000");

        // containerd has them back. It lists what was made meanwhile, and can do nothing with it.
        await gantry.StopAsync();
        await containerd.StartAsync(Token);
        await UseAsync(containerd, work, counters);
        await StatusAsync(containerd, made, "RUNNING");
        foreach (string counter in counters)
        {
            await EndAsync(containerd, counter);

            // ctr itself may have read the first of them before it went.
            string[] lines = await File.ReadAllLinesAsync(work[counter], Token);
            int first = int.Parse(lines[0], CultureInfo.InvariantCulture);
            Assert.Equal(
                Enumerable.Range(first, lines.Length).Select(n => n.ToString(CultureInfo.InvariantCulture)), lines);
        }

        // Gantry can.
        await containerd.StopAsync();
        await gantry.StartAsync(Token);
        await EndAsync(gantry, made);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    /// <summary>An id of its own: what containerd's shim keeps of a task goes by it and is the machine's.</summary>
    private static string Unique(string name) => name + Guid.NewGuid().ToString("N")[..8];

    /// <summary>Runs a container that counts into its FIFO, and a reader of that.</summary>
    private async Task CountAsync(PrivateDaemon daemon, TempDirectory work, string id, string runtime)
    {
        string fifos = work["fifo-" + id];
        Directory.CreateDirectory(fifos);
        await daemon.CtrOkAsync(
            "run", "-d", "--fifo-dir", fifos, "--runtime", runtime, images.Busybox, id, "sh", "-c", Count);
        await Images.ShellAsync("""cat "$1"/*/*-stdout </dev/null >"$2" 2>/dev/null &""", fifos, work[id]);
    }

    /// <summary>All that can be done with a container that runs, but end it.</summary>
    private static async Task UseAsync(PrivateDaemon daemon, TempDirectory work, string[] counters)
    {
        foreach (string counter in counters)
        {
            await StatusAsync(daemon, counter, "RUNNING");
            long length = new FileInfo(work[counter]).Length;
            await Poll.UntilAsync(() => new FileInfo(work[counter]).Length > length, "more output");
            BufferedCommandResult exec = await daemon.CtrAsync(
                "task", "exec", "--exec-id", Unique("x"), counter, "sh", "-c", "echo in; exit 4");
            Assert.Equal(("in\n", 4), (exec.StandardOutput, exec.ExitCode));
            Assert.Contains("memory.usage_in_bytes", await daemon.CtrOkAsync("task", "metrics", counter), StringComparison.Ordinal);
            await daemon.CtrOkAsync("task", "pause", counter);
            await StatusAsync(daemon, counter, "PAUSED");
            await daemon.CtrOkAsync("task", "resume", counter);
            await StatusAsync(daemon, counter, "RUNNING");
        }
    }

    private static async Task EndAsync(PrivateDaemon daemon, string id)
    {
        BufferedCommandResult kill = await daemon.CtrAsync("task", "kill", "-s", "SIGKILL", id);
        Assert.True(
            kill.ExitCode == 0 || kill.StandardError.Contains("already finished", StringComparison.Ordinal), kill.StandardError);
        await StatusAsync(daemon, id, "STOPPED");
        await daemon.CtrAsync("task", "rm", id);
        Assert.DoesNotContain(id, await daemon.CtrOkAsync("task", "ls"), StringComparison.Ordinal);
    }

    private static Task StatusAsync(PrivateDaemon daemon, string id, string status) => Poll.UntilAsync(
        async () => (await RowAsync(daemon, id)).LastOrDefault() == status, $"{id} is {status}");

    private static async Task<int> PidAsync(PrivateDaemon daemon, string id) =>
        int.Parse((await RowAsync(daemon, id))[1], CultureInfo.InvariantCulture);

    private static async Task<string[]> RowAsync(PrivateDaemon daemon, string id) =>
        (await daemon.CtrOkAsync("task", "ls")).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(words => words.Length > 0 && words[0] == id) ?? [];
}
