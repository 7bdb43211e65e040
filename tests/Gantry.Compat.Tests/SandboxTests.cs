using System.Globalization;
using Gantry.Api.Services.Sandbox;
using Gantry.Api.Services.Tasks;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Grpc.Core;
using Xunit;
using Sandbox = Gantry.Api.Types.Sandbox;

namespace Gantry.Compat.Tests;

/// <summary>
/// Sandboxes: records, shims that are sandboxes, and tasks that join them. Debian's containerd has none; where
/// <c>GANTRY_CONTAINERD2</c> names a directory with the programs of a newer one, the same calls are made on that too.
/// </summary>
public sealed class SandboxTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly string[] Calls =
    [
        "gantry NotFound what was never made is said in other words",
        """store.Get {"sandbox_id":"x"}""",
        """store.Create {"sandbox":{"sandbox_id":"-","runtime":{}}}""",
        """store.Create {"sandbox":{"sandbox_id":"p","sandboxer":"shim","runtime":{"name":"io.containerd.runc.v2"},"labels":{"a":"1","b.c":"2"}}}""",
        """store.Create {"sandbox":{"sandbox_id":"p","runtime":{"name":"io.containerd.runc.v2"}}}""",
        """store.Get {"sandbox_id":"x"}""",
        """store.Delete {"sandbox_id":"x"}""",
        """store.Update {"sandbox":{"sandbox_id":"x","runtime":{}}}""",
        """store.Update {"sandbox":{"sandbox_id":"p","runtime":{"name":"other"}}}""",
        """store.Update {"sandbox":{"sandbox_id":"p","runtime":{}},"fields":["sandboxer"]}""",
        """store.Update {"sandbox":{"sandbox_id":"p","runtime":{},"labels":{"b.c":"3","no":"1"}},"fields":["labels.b.c"]}""",
        """store.List {"filters":["id==p","labels.none"]}""",
        """store.List {"filters":["labels.\"b.c\"==2"]}""",
        """store.List {"filters":["id="]}""",
        """controller.Create {"sandbox_id":"p"}""",
        """controller.Create {"sandbox_id":"p","sandboxer":"none"}""",
        "gantry Unknown containerd 2.4 says what failed first",
        """controller.Start {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Stop {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Wait {"sandbox_id":"p","sandboxer":"shim"}""",
        "gantry OK containerd tells the time zero too",
        """controller.Status {"sandbox_id":"p","sandboxer":"shim"}""",
        "gantry NotFound containerd 2.1 has no such call",
        """controller.Platform {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Metrics {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Shutdown {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Update {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Update {"sandbox_id":"p","sandboxer":"shim","sandbox":{"sandbox_id":"p","runtime":{}}}""",
        "gantry OK containerd's own shim is no sandbox",
        """controller.Create {"sandbox_id":"p","sandboxer":"shim","sandbox":{"sandbox_id":"p","runtime":{"name":"io.containerd.runc.v2"},"spec":{"type_url":"types.containerd.io/opencontainers/runtime-spec/1/Spec","value":"{}"}}}""",
        "gantry AlreadyExists as above",
        """controller.Create {"sandbox_id":"p","sandboxer":"shim","sandbox":{"sandbox_id":"p","runtime":{"name":"io.containerd.runc.v2"}}}""",
        """controller.Stop {"sandbox_id":"p","sandboxer":"shim"}""",
        "gantry OK as above",
        """controller.Shutdown {"sandbox_id":"p","sandboxer":"shim"}""",
        """controller.Shutdown {"sandbox_id":"p","sandboxer":"shim"}""",
        """store.Delete {"sandbox_id":"p"}""",
        """store.List {}""",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_joins_the_shim_of_its_sandbox_which_outlives_the_daemon_and_ends_once()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        string ns = Path.GetFileName(gantry.Home);
        Metadata headers = new() { { "containerd-namespace", ns } };
        await using RawCalls calls = new(gantry);
        await calls.RunAsync(["sh bash $C/Tasks/setup.sh"], ns, Token);
        Controller.ControllerClient controller = new(calls.Invoker());
        Sandbox record = new()
        {
            SandboxId = "p",
            Sandboxer = "shim",
            Runtime = new Sandbox.Types.Runtime { Name = "io.containerd.runc.v2" },
        };
        await new Store.StoreClient(calls.Invoker()).CreateAsync(
            new StoreCreateRequest { Sandbox = record }, headers, cancellationToken: Token);

        await controller.CreateAsync(
            new ControllerCreateRequest { SandboxId = "p", Sandboxer = "shim", Sandbox = record }, headers, cancellationToken: Token);
        ControllerStartResponse started = await controller.StartAsync(
            new ControllerStartRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token);
        await calls.RunAsync(
            [
                """containers.Create {"container":{"id":"c","sandbox":"p","runtime":{"name":"io.containerd.runc.v2"},"spec":{"type_url":"types.containerd.io/opencontainers/runtime-spec/1/Spec","value":"{{file:sleep.json@c}}"}}}""",
                """tasks.Create {"container_id":"c","rootfs":[{"type":"bind","source":"{{home}}/rootfs","options":["rbind","rw"]}]}""",
                """tasks.Start {"container_id":"c"}""",
            ],
            ns,
            Token);
        uint pid = (await new Tasks.TasksClient(calls.Invoker()).GetAsync(
            new GetRequest { ContainerId = "c" }, headers, cancellationToken: Token)).Process.Pid;
        int parent = ParentOf((int)pid);

        List<CallOutcome> restarted = await calls.RunAsync(["restart", "watch"], ns, Token);
        controller = new Controller.ControllerClient(calls.Invoker());
        ControllerStatusResponse adopted = await controller.StatusAsync(
            new ControllerStatusRequest { SandboxId = "p", Sandboxer = "shim", Verbose = true }, headers, cancellationToken: Token);
        Task<ControllerWaitResponse> waiting = controller.WaitAsync(
            new ControllerWaitRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token).ResponseAsync;
        await controller.StopAsync(
            new ControllerStopRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token);
        await waiting.WaitAsync(Limit, Token);
        string deleted = (await calls.RunAsync(["""tasks.Delete {"container_id":"c"}"""], ns, Token))[0].Result;
        await controller.ShutdownAsync(
            new ControllerShutdownRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token);
        string told = (await calls.RunAsync(["events 3"], ns, Token))[0].Result;

        Assert.Equal(["", ""], restarted.Select(outcome => outcome.Result));
        Assert.Equal(started.Pid, (uint)parent);
        Assert.StartsWith("ttrpc+unix:///", started.Address, StringComparison.Ordinal);
        Assert.Equal(("SANDBOX_READY", started.Pid, "c"), (adopted.State, adopted.Pid, adopted.Info["containers"]));
        Assert.Contains("exit_status=137", deleted, StringComparison.Ordinal);
        Assert.Equal(
            ["/sandboxes/exit", "/tasks/delete", "/tasks/exit"],
            told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0]).Order());
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_sandbox_whose_shim_is_killed_ends_with_255_and_leaves_nothing()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        Metadata headers = new() { { "containerd-namespace", "default" } };
        await using RawCalls calls = new(gantry);
        Controller.ControllerClient controller = new(calls.Invoker());
        Sandbox record = new() { SandboxId = "p", Runtime = new Sandbox.Types.Runtime { Name = "io.containerd.runc.v2" } };
        await controller.CreateAsync(
            new ControllerCreateRequest { SandboxId = "p", Sandboxer = "shim", Sandbox = record }, headers, cancellationToken: Token);
        ControllerStartResponse started = await controller.StartAsync(
            new ControllerStartRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token);
        Task<ControllerWaitResponse> waiting = controller.WaitAsync(
            new ControllerWaitRequest { SandboxId = "p", Sandboxer = "shim" }, headers, cancellationToken: Token).ResponseAsync;

        Signals.Send((int)started.Pid, Signals.SIGKILL);

        Assert.Equal(255u, (await waiting.WaitAsync(Limit, Token)).ExitStatus);
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task Calls_of_sandboxes_have_the_outcome_of_a_newer_containerd()
    {
        string directory = Environment.GetEnvironmentVariable("GANTRY_CONTAINERD2") ?? "";
        Assert.SkipUnless(directory.Length > 0, "GANTRY_CONTAINERD2 names no directory of containerd 2");
        List<CallOutcome> expected;
        await using (ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync(directory))
        {
            await using RawCalls calls = new(containerd);
            expected = await calls.RunAsync(Calls, "default", Token);
        }

        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await using RawCalls own = new(gantry);
        List<CallOutcome> actual = await own.RunAsync(Calls, "default", Token);

        string differences = CallOutcome.Differences(expected, actual);
        Assert.True(differences.Length == 0, $"{differences}\n{gantry.Tail()}");
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private static int ParentOf(int pid)
    {
        string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
