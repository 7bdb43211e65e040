using Gantry.Api.Runtime.TaskV2;
using Gantry.Testing;
using Grpc.Core;
using Status = Gantry.Api.Types.Task.Status;

namespace Gantry.Shim.Tests;

/// <summary>An OCI runtime that dies, hangs, talks nonsense or is not there: the client hears why, and nothing is left.</summary>
public sealed class FaultyRuntimeTests : IDisposable
{
    private const string Killed = "kill -9 $$";
    private const string KilledMidway = "runc \"$@\" & sleep 0.0$((RANDOM % 9)); kill -9 $!; kill -9 $$";
    private const string Hangs = "exec sleep 1000";

    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(Killed)]
    [InlineData(KilledMidway)]
    public async Task A_runtime_that_is_killed_while_it_creates_leaves_nothing(string fault)
    {
        await using ShimUnderTest shim = new(Faulty("create", fault));
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync("c1", ["sleep", "1000"], Token));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.StartsWith("OCI runtime create failed: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("exit status 137", error.Status.Detail, StringComparison.Ordinal);
        await shim.UntilAsync(() => shim.Cgroups("c1").Count == 0, Token);
        Mend();
        await shim.Task.CreateAsync(shim.CreateRequest("c1"), cancellationToken: Token);
        await shim.StartAsync("c1", Token);
    }

    [Fact]
    public async Task A_runtime_that_is_killed_while_it_starts_leaves_a_container_that_can_be_deleted()
    {
        await using ShimUnderTest shim = new(Faulty("start", Killed));
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.StartAsync("c1", Token));
        Status status = await StatusAsync(shim);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Contains("exit status 137", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Status.Created, status);
        Assert.Empty(shim.Cgroups("c1"));
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("pause")]
    [InlineData("checkpoint")]
    public async Task A_runtime_that_is_killed_in_its_work_leaves_the_container_running(string command)
    {
        await using ShimUnderTest shim = new(Faulty(command, Killed));
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await shim.Task.ExecAsync(
            new ExecProcessRequest { Id = "c1", ExecId = "e", Spec = ShimUnderTest.ProcessSpec("true") },
            cancellationToken: Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await (command switch
        {
            "exec" => (Task)shim.Task.StartAsync(
                new StartRequest { Id = "c1", ExecId = "e" }, cancellationToken: Token).ResponseAsync,
            "pause" => shim.Task.PauseAsync(new PauseRequest { Id = "c1" }, cancellationToken: Token).ResponseAsync,
            _ => shim.Task.CheckpointAsync(
                new CheckpointTaskRequest { Id = "c1", Path = _directory["images"] }, cancellationToken: Token).ResponseAsync,
        }));

        Assert.Contains("exit status 137", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Status.Running, await StatusAsync(shim));
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1", ExecId = "e" }, cancellationToken: Token);
    }

    [Theory]
    [InlineData("start")]
    [InlineData("pause")]
    public async Task A_runtime_that_hangs_is_killed_at_the_deadline_and_the_next_call_works(string command)
    {
        await using ShimUnderTest shim = new(Faulty(command, Hangs));
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        if (command != "start")
        {
            await shim.StartAsync("c1", Token);
        }

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await CallAsync(shim, command, 2));
        Mend();
        await CallAsync(shim, command, 60);

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task A_runtime_that_is_not_there_is_named()
    {
        await using ShimUnderTest shim = new(_directory["nowhere"]);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync("c1", ["true"], Token));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.EndsWith(
            $": exec: \"{_directory["nowhere"]}\": executable file not found in $PATH",
            error.Status.Detail,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo garbage > $4; exit 3", "is not JSON): ")]
    [InlineData("exit 3", "log.json: no such file or directory): ")]
    [InlineData("echo '{\"level\": \"error\", \"msg\": \"told\"}' > $4; exit 3", "OCI runtime create failed: told")]
    [InlineData("echo '{\"level\": \"warning\", \"msg\": \"told\"}' > $4; echo garbage; exit 3", "did not terminate successfully: exit status 3")]
    public async Task What_a_runtime_says_that_makes_no_sense_is_told_as_such(string fault, string expected)
    {
        await using ShimUnderTest shim = new(Faulty("create", fault));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync("c1", ["true"], Token));

        Assert.Contains(expected, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_runtime_that_lies_about_the_process_is_an_error()
    {
        await using ShimUnderTest shim = new(Faulty("create", "for a; do [ \"$l\" = --pid-file ] && echo x > $a; l=$a; done; exit 0"));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync("c1", ["true"], Token));

        Assert.EndsWith("init.pid: not a process id", error.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<Status> StatusAsync(ShimUnderTest shim) =>
        (await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token)).Status;

    private static async Task CallAsync(ShimUnderTest shim, string command, int seconds)
    {
        DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(seconds);
        if (command == "start")
        {
            await shim.Task.StartAsync(new StartRequest { Id = "c1" }, deadline: deadline, cancellationToken: Token);
        }
        else
        {
            await shim.Task.PauseAsync(new PauseRequest { Id = "c1" }, deadline: deadline, cancellationToken: Token);
        }
    }

    /// <summary>A runtime that fails at one command, until it is mended.</summary>
    private string Faulty(string command, string fault) => Executors.Script(
        _directory["faulty"], $"[ -e {_directory["mended"]} ] || case \" $* \" in *\" {command} \"*) {fault};; esac");

    private void Mend() => File.WriteAllText(_directory["mended"], "");
}
