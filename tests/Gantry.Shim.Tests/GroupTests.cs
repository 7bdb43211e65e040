using System.Text;
using System.Text.Json.Nodes;
using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Processes;
using Google.Protobuf;

namespace Gantry.Shim.Tests;

/// <summary>Where a shim is put, which containers share it, and what it tells.</summary>
public sealed class GroupTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("io.containerd.runc.v2.group")]
    [InlineData("io.kubernetes.cri.sandbox-id")]
    public async Task A_group_goes_on_when_its_first_container_and_that_ones_bundle_are_gone(string annotation)
    {
        await using ShimUnderTest shim = new();
        void InGroup(JsonObject spec) => spec["annotations"] = new JsonObject { [annotation] = "g1" };
        await shim.CreateAsync("c1", ["sleep", "1000"], Token, spec: InGroup);
        string address = shim.Address;
        await shim.CreateAsync("c2", ["sleep", "1000"], Token, spec: InGroup);
        await shim.StartAsync("c2", Token);
        bool ownShim = File.Exists(Path.Combine(shim.Bundle("c2"), "shim.pid"));

        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        Directory.Delete(shim.Bundle("c1"), recursive: true);
        await shim.Task.ExecAsync(
            new ExecProcessRequest { Id = "c2", ExecId = "e1", Spec = ShimUnderTest.ProcessSpec("sh", "-c", "exit 5") },
            cancellationToken: Token);
        await shim.Task.StartAsync(new StartRequest { Id = "c2", ExecId = "e1" }, cancellationToken: Token);
        WaitResponse exit = await shim.WaitAsync("c2", "e1", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c2", ExecId = "e1" }, cancellationToken: Token);
        await shim.Task.KillAsync(new KillRequest { Id = "c2", Signal = 9 }, cancellationToken: Token);
        await shim.WaitAsync("c2", "", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c2" }, cancellationToken: Token);
        await shim.Task.ShutdownAsync(new ShutdownRequest { Id = "c2" }, cancellationToken: Token);
        await shim.Client.Closed.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(address, shim.Address);
        Assert.False(ownShim);
        Assert.Equal(5u, exit.ExitStatus);
        Assert.False(File.Exists(address["unix://".Length..]));
    }

    [Fact]
    public async Task The_log_moves_to_the_bundle_of_another_container_and_a_signal_writes_a_dump_into_it()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["sleep", "1000"], InGroup);
        shim.MakeBundle("c2", ["sleep", "1000"], InGroup);
        string first = shim.MakeFifo("b/c1/log");
        string second = shim.MakeFifo("b/c2/log");
        await shim.LaunchAsync("c1", Token);
        await shim.AddAsync("c1", Token);
        await shim.AddAsync("c2", Token);
        int pid = shim.Pid("c1");

        Signals.Send(pid, Signals.SIGUSR1);
        string before = await ReadDumpAsync(first);
        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        await shim.WaitAsync("c1", "", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        Signals.Send(pid, Signals.SIGUSR1);
        string after = await ReadDumpAsync(second);

        Assert.Contains("container c1: bundle ", before, StringComparison.Ordinal);
        Assert.Contains("init: pid ", before, StringComparison.Ordinal);
        Assert.Contains("threads: containerd-shim", before, StringComparison.Ordinal);
        Assert.Contains("memory: VmRSS ", before, StringComparison.Ordinal);
        Assert.DoesNotContain("container c1", after, StringComparison.Ordinal);
        Assert.Contains("container c2: bundle ", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_nobody_reads_does_not_hold_the_shim_up()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["sleep", "1000"]);
        shim.MakeFifo("b/c1/log");
        await shim.LaunchAsync("c1", Token);
        await shim.AddAsync("c1", Token);

        // Each is some hundred bytes, of which the kernel keeps 64 KiB.
        for (int i = 0; i < 200; i++)
        {
            Signals.Send(shim.Pid("c1"), Signals.SIGUSR1);
            await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        }

        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        Assert.Equal(137u, (await shim.WaitAsync("c1", "", Token)).ExitStatus);
    }

    [Fact]
    public async Task A_shim_is_taken_a_little_before_its_daemon_and_lives_in_the_cgroup_that_is_asked_for()
    {
        await using ShimUnderTest shim = new();
        string cgroup = $"/{ShimUnderTest.Namespace}-shim-{Guid.NewGuid():N}";
        shim.MakeBundle("c1", ["sleep", "1000"]);
        byte[] options = TypeUrl.PackAny("containerd.runc.v1.Options", new Options { ShimCgroup = cgroup }).ToByteArray();

        await shim.LaunchAsync("c1", Token, options);
        string score = await File.ReadAllTextAsync($"/proc/{shim.Pid("c1")}/oom_score_adj", Token);
        string own = await File.ReadAllTextAsync("/proc/self/oom_score_adj", Token);
        CgroupPaths paths = CgroupPaths.OfProcess(shim.Pid("c1"));
        await shim.Task.ShutdownAsync(new ShutdownRequest { Id = "c1" }, cancellationToken: Token);
        await ProcessEnd.WaitAsync(shim.Pid("c1"), Token);
        foreach (string directory in paths.Directories.Values.Where(path => path.EndsWith(cgroup, StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal))
        {
            Directory.Delete(directory);
        }

        Assert.Equal(Math.Min(int.Parse(own) + 1, 1000), int.Parse(score));
        Assert.EndsWith(cgroup, paths.ProcessesDirectory, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cgroup_that_cannot_be_leaves_no_shim()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["true"]);
        byte[] options =
            TypeUrl.PackAny("containerd.runc.v1.Options", new Options { ShimCgroup = "/../up" }).ToByteArray();

        (int code, byte[] output, string error) = await ShimBinary.RunAsync(
            [.. shim.Flags("c1"), "start"], shim.Bundle("c1"), options, ShimUnderTest.Environment(""), Token);

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("failed to join cgroup /../up", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(shim.Bundle("c1"), "shim.pid")));
        Assert.Empty(Directory.EnumerateFiles(shim["s"]));
    }

    private static void InGroup(JsonObject spec) =>
        spec["annotations"] = new JsonObject { ["io.containerd.runc.v2.group"] = "g1" };

    private static async Task<string> ReadDumpAsync(string fifo)
    {
        await using FileStream stream = new(fifo, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        while (!text.ToString().Contains("END shim dump", StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
