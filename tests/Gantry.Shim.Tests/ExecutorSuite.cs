using System.Text;
using System.Text.Json.Nodes;
using Gantry.Api.Runtime.TaskV2;
using Grpc.Core;
using Status = Gantry.Api.Types.Task.Status;

namespace Gantry.Shim.Tests;

/// <summary>What the shim does with an OCI runtime, whichever it is.</summary>
/// <param name="executor">Its name, as <see cref="Executors.PathOf"/> takes it.</param>
public abstract class ExecutorSuite(string executor)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_life_leaves_no_process_mount_or_cgroup()
    {
        await using ShimUnderTest shim = new(executor);
        uint pid = await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        IReadOnlyList<string> cgroups = shim.Cgroups("c1");

        await shim.Task.PauseAsync(new PauseRequest { Id = "c1" }, cancellationToken: Token);
        Status paused = await StatusAsync(shim);
        await shim.Task.ResumeAsync(new ResumeRequest { Id = "c1" }, cancellationToken: Token);
        Status resumed = await StatusAsync(shim);
        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 15 }, cancellationToken: Token);
        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9, All = true }, cancellationToken: Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        await shim.Events.WaitForAsync("/tasks/delete", 1, Token);

        Assert.NotEmpty(cgroups);
        Assert.Equal((Status.Paused, Status.Running, 137u), (paused, resumed, exit.ExitStatus));
        Assert.Equal(
            ["/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed", "/tasks/exit", "/tasks/delete"],
            shim.Events.Topics);
        Assert.False(Gantry.Linux.Processes.Signals.Exists((int)pid));
        Assert.Empty(shim.Cgroups("c1"));
        Assert.Empty(Gantry.Linux.Mounts.MountInfo.ReadBelow(shim.Bundle("c1")));
    }

    [Fact]
    public async Task An_update_reaches_the_cgroup()
    {
        await using ShimUnderTest shim = new(executor);
        await shim.CreateAsync("c1", ["sleep", "1000"], Token, spec: WithPidsLimit);
        await shim.StartAsync("c1", Token);

        await shim.Task.UpdateAsync(
            new UpdateTaskRequest
            {
                Id = "c1",
                Resources = new Google.Protobuf.WellKnownTypes.Any
                {
                    TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources",
                    Value = Google.Protobuf.ByteString.CopyFromUtf8("""{"pids":{"limit":77}}"""),
                },
            },
            cancellationToken: Token);

        string file = Assert.Single(shim.Cgroups("c1").Select(cgroup => Path.Combine(cgroup, "pids.max")), File.Exists);
        Assert.Equal("77\n", await File.ReadAllTextAsync(file, Token));
    }

    [Fact]
    public async Task A_limit_of_the_spec_holds_and_the_container_does_not_see_more_cgroups_than_its_own()
    {
        await using ShimUnderTest shim = new(executor);
        (string output, Task<string> text) = shim.OutputFifo("out");
        await shim.CreateAsync("c1", ["cat", "/proc/self/cgroup"], Token, request => request.Stdout = output, WithPidsLimit);
        string file = Assert.Single(shim.Cgroups("c1").Select(cgroup => Path.Combine(cgroup, "pids.max")), File.Exists);

        Assert.Equal("33\n", await File.ReadAllTextAsync(file, Token));
        await shim.StartAsync("c1", Token);
        string seen = await text.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Contains(shim.CgroupPath("c1"), seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_runtime_says_last_is_what_the_client_hears()
    {
        await using ShimUnderTest shim = new(executor);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync(
            "c1", ["no-such-program"], Token));

        string[] log = await File.ReadAllLinesAsync(Path.Combine(shim.Bundle("c1"), "log.json"), Token);
        string said = JsonNode.Parse(log[0])!["msg"]!.GetValue<string>();
        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Equal($"OCI runtime create failed: {said}", error.Status.Detail);
    }

    [Fact]
    public async Task A_hook_that_hangs_is_given_up_at_the_deadline_and_nothing_is_left()
    {
        await using ShimUnderTest shim = new(executor);
        shim.MakeBundle("c1", ["true"], spec => spec["hooks"] = new JsonObject
        {
            ["prestart"] = new JsonArray(new JsonObject
            {
                ["path"] = "/bin/sleep",
                ["args"] = ShimUnderTest.Array("sleep", "3173"),
            }),
        });
        await shim.LaunchAsync("c1", Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await shim.Task.CreateAsync(
            shim.CreateRequest("c1"), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2), cancellationToken: Token));
        await shim.UntilAsync(() => !Processes().Contains("sleep 3173 ", StringComparison.Ordinal), Token);
        shim.MakeBundle("c1", ["true"]);
        await shim.UntilAsync(
            async () => await TryAsync(async () => await shim.Task.CreateAsync(shim.CreateRequest("c1"), cancellationToken: Token)),
            Token);
        await shim.StartAsync("c1", Token);

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Equal(0u, (await shim.WaitAsync("c1", "", Token)).ExitStatus);
    }

    private static async Task<Status> StatusAsync(ShimUnderTest shim) =>
        (await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token)).Status;

    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.AlreadyExists)
        {
            // The create that was given up is still being taken back.
            return false;
        }
    }

    private static string Processes()
    {
        StringBuilder all = new();
        foreach (string directory in Directory.EnumerateDirectories("/proc").Where(path => char.IsDigit(path[6])))
        {
            try
            {
                all.Append(File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ')).Append('\n');
            }
            catch (IOException)
            {
                // It has ended meanwhile.
                continue;
            }
        }

        return all.ToString();
    }

    private static void WithPidsLimit(JsonObject spec) =>
        spec["linux"]!["resources"]!["pids"] = new JsonObject { ["limit"] = 33 };
}
