using System.Text;
using System.Text.Json.Nodes;
using Gantry.Client.Containers;
using Gantry.Client.Io;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Linux.Io;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>What the client promises of running containers, whichever daemon runs them.</summary>
public abstract class TaskSuite(DaemonFixture fixture) : IAsyncLifetime
{
    private const string Snapshotter = "overlayfs";
    private readonly List<ContainerRecord> _made = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private NamespaceClient Scope => fixture.Client.In(Namespace.Default);

    private TaskClient Tasks => Scope.Tasks;

    public async ValueTask InitializeAsync() => await fixture.ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (ContainerRecord container in _made)
        {
            await RemoveAsync(container);
        }
    }

    [Fact]
    public async Task Output_and_exit_status_come_through()
    {
        (string output, string errors, ProcessExit exit) =
            await RunAsync("t-output", null, "sh", "-c", "echo out; echo err >&2; exit 7");

        Assert.Equal("out\n", output);
        Assert.Equal("err\n", errors);
        Assert.Equal(7u, exit.Status);
    }

    [Fact]
    public async Task A_megabyte_of_output_comes_through_whole()
    {
        (string output, _, ProcessExit exit) =
            await RunAsync("t-much", null, "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x");

        Assert.Equal(0u, exit.Status);
        Assert.Equal(3_000_000, output.Length);
    }

    [Fact]
    public async Task Input_is_copied_and_its_end_is_seen()
    {
        (string output, _, ProcessExit exit) = await RunAsync("t-input", "one\ntwo\n", "sh", "-c", "cat; echo done");

        Assert.Equal("one\ntwo\ndone\n", output);
        Assert.Equal(0u, exit.Status);
    }

    [Fact]
    public async Task A_running_task_is_listed_takes_execs_and_dies_by_a_signal()
    {
        await CreateAndStartAsync("t-running", "sleep", "1000");

        ProcessState state = await Tasks.GetAsync("t-running", cancellationToken: Token);
        IReadOnlyList<uint> pids = await Tasks.PidsAsync("t-running", Token);
        await ExecAsync("t-running", "e1", "sh", "-c", "exit 3");
        ProcessExit exec = await Tasks.WaitAsync("t-running", "e1", Token);
        await Tasks.DeleteExecAsync("t-running", "e1", Token);
        Task<ProcessExit> wait = Tasks.WaitAsync("t-running", cancellationToken: Token);
        await Tasks.KillAsync("t-running", 9, cancellationToken: Token);
        ProcessExit exit = await wait;

        Assert.Equal(ProcessStatus.Running, state.Status);
        Assert.Equal("t-running", state.ContainerId);
        Assert.Equal("", state.ExecId);
        Assert.Contains(state.ProcessId, pids);
        Assert.Contains(await Tasks.ListAsync(Token), t => t.ContainerId == "t-running");
        Assert.Equal(3u, exec.Status);
        Assert.Equal(137u, exit.Status);
        Assert.Equal(137u, (await Tasks.DeleteAsync("t-running", Token)).Status);
    }

    [Fact]
    public async Task A_second_task_is_refused_and_so_is_one_without_a_container()
    {
        await CreateAndStartAsync("t-second", "sleep", "1000");

        GantryException second = await Assert.ThrowsAsync<GantryException>(
            () => Tasks.CreateAsync("t-second", [], ProcessStreams.None, cancellationToken: Token));
        GantryException none = await Assert.ThrowsAsync<GantryException>(
            () => Tasks.CreateAsync("t-none", [], ProcessStreams.None, cancellationToken: Token));

        Assert.Equal(ErrorKind.AlreadyExists, second.Kind);
        Assert.Equal(ErrorKind.NotFound, none.Kind);
    }

    [Fact]
    public async Task A_paused_task_goes_on_when_resumed()
    {
        await CreateAndStartAsync("t-paused", "sleep", "1000");

        await Tasks.PauseAsync("t-paused", Token);
        ProcessState paused = await Tasks.GetAsync("t-paused", cancellationToken: Token);
        await Tasks.ResumeAsync("t-paused", Token);
        ProcessState resumed = await Tasks.GetAsync("t-paused", cancellationToken: Token);

        Assert.Equal(ProcessStatus.Paused, paused.Status);
        Assert.Equal(ProcessStatus.Running, resumed.Status);
    }

    [Fact]
    public async Task A_container_is_measured()
    {
        await CreateAndStartAsync("t-measured", "sleep", "1000");

        ContainerMetrics metrics = Assert.Single(await Tasks.MetricsAsync(["id==t-measured"], Token));

        Assert.Equal("t-measured", metrics.ContainerId);
        Assert.StartsWith("io.containerd.cgroups.v", metrics.Data.TypeUrl, StringComparison.Ordinal);
        Assert.NotEqual(0, metrics.Data.Value.Length);
    }

    [Fact]
    public async Task A_terminal_has_the_size_that_it_is_told()
    {
        (IReadOnlyList<Mount> mounts, _) =
            await CreateAsync("t-terminal", o => o with { Terminal = true }, "sh", "-c", "read line; stty size");
        (SafeFileHandle stdin, SafeFileHandle keyboard) = Descriptors.CreatePipe();
        (SafeFileHandle screen, SafeFileHandle stdout) = Descriptors.CreatePipe();
        using SafeFileHandle input = stdin;
        Task<string> seen;
        ProcessExit exit;
        await using (ProcessIo io = ProcessIo.Open("t-terminal", stdin, stdout, null, terminal: true))
        {
            io.StartOutput();
            await Tasks.CreateAsync("t-terminal", mounts, io.Streams, cancellationToken: Token);
            await Tasks.StartAsync("t-terminal", cancellationToken: Token);
            io.StartInput();
            await Tasks.ResizeAsync("t-terminal", 101, 43, cancellationToken: Token);
            seen = ReadAsync(screen);
            FileData.Write(keyboard, "x\n"u8);
            exit = await Tasks.WaitAsync("t-terminal", cancellationToken: Token);
            await io.OutputEnded.WaitAsync(Token);
            keyboard.Dispose();
        }

        stdout.Dispose();
        Assert.Equal(0u, exit.Status);
        Assert.Contains("43 101", await seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_are_read_from_layers_as_from_a_mount()
    {
        (IReadOnlyList<Mount> mounts, _) = await CreateAsync("t-users", o => o, "true");

        SpecUser user = RootfsUsers.Read(mounts).Resolve("root");

        Assert.Equal(0u, user.Uid);
    }

    [Fact]
    public async Task The_spec_is_the_one_that_ctr_makes()
    {
        await fixture.Daemon.CtrOkAsync("container", "create", fixture.Image, "t-ctr-spec");
        ContainerRecord theirs = await Scope.Containers.GetAsync("t-ctr-spec", Token);
        _made.Add(theirs);
        (_, ContainerRecord ours) = await CreateAsync("t-ctr-spec-2", o => o);

        Assert.Equal(theirs.Spec!.TypeUrl, ours.Spec!.TypeUrl);
        Assert.Equal(Comparable(theirs.Spec, "t-ctr-spec"), Comparable(ours.Spec, "t-ctr-spec-2"));
    }

    /// <summary>A spec without its version, its cgroup's path, and what ctr run alone adds.</summary>
    private static string Comparable(TypedBytes spec, string id)
    {
        JsonObject json = JsonNode.Parse(spec.Value.Span)!.AsObject();
        json.Remove("ociVersion");
        Assert.Equal($"/default/{id}", json["linux"]!["cgroupsPath"]!.GetValue<string>());
        json["linux"]!.AsObject().Remove("cgroupsPath");
        json["linux"]!["resources"]!.AsObject().Remove("cpu");
        return Sorted(json)!.ToJsonString();
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(
            o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static async Task<string> ReadAsync(SafeFileHandle handle)
    {
        await using FileStream stream = new(handle, FileAccess.Read, bufferSize: 0);
        using StreamReader reader = new(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Token);
    }

    private async Task<(string Output, string Errors, ProcessExit Exit)> RunAsync(
        string id,
        string? input,
        params string[] args)
    {
        (IReadOnlyList<Mount> mounts, _) = await CreateAsync(id, o => o, args);
        (SafeFileHandle outReader, SafeFileHandle outWriter) = Descriptors.CreatePipe();
        (SafeFileHandle errReader, SafeFileHandle errWriter) = Descriptors.CreatePipe();
        (SafeFileHandle inReader, SafeFileHandle inWriter) = Descriptors.CreatePipe();
        using SafeFileHandle stdin = inReader;
        Task<string> output = ReadAsync(outReader);
        Task<string> errors = ReadAsync(errReader);
        FileData.Write(inWriter, Encoding.UTF8.GetBytes(input ?? ""));
        inWriter.Dispose();
        ProcessExit exit;
        await using (ProcessIo io = ProcessIo.Open(id, input is null ? null : stdin, outWriter, errWriter, terminal: false))
        {
            io.StartOutput();
            await Tasks.CreateAsync(id, mounts, io.Streams, cancellationToken: Token);
            Task<ProcessExit> wait = Tasks.WaitAsync(id, cancellationToken: Token);
            await Tasks.StartAsync(id, cancellationToken: Token);
            io.StartInput();
            if (input is not null)
            {
                await io.InputEnded.WaitAsync(Token);
                await Tasks.CloseInputAsync(id, cancellationToken: Token);
            }

            exit = await wait;
            await io.OutputEnded.WaitAsync(TimeSpan.FromSeconds(20), Token);
        }

        outWriter.Dispose();
        errWriter.Dispose();
        return (await output, await errors, exit);
    }

    private async Task CreateAndStartAsync(string id, params string[] args)
    {
        (IReadOnlyList<Mount> mounts, _) = await CreateAsync(id, o => o, args);
        await Tasks.CreateAsync(id, mounts, ProcessStreams.None, cancellationToken: Token);
        await Tasks.StartAsync(id, cancellationToken: Token);
    }

    private async Task ExecAsync(string id, string execId, params string[] args)
    {
        SpecProcess process = DefaultSpec.Create("default", id).Process! with { Args = args, Env = ["PATH=/bin"] };
        await Tasks.ExecAsync(
            id,
            execId,
            new TypedBytes(RuntimeSpecJson.ProcessTypeUrl, RuntimeSpecJson.ToBytes(process)),
            ProcessStreams.None,
            Token);
        await Tasks.StartAsync(id, execId, Token);
    }

    private async Task<(IReadOnlyList<Mount> Mounts, ContainerRecord Container)> CreateAsync(
        string id,
        Func<SpecOptions, SpecOptions> options,
        params string[] args)
    {
        ResolvedImage image =
            await new ImageReader(Scope).ReadAsync(fixture.Image, PlatformMatcher.Default, Token);
        ISnapshotter snapshots = Scope.Snapshots(Snapshotter);
        Dictionary<string, string> labels = new() { ["containerd.io/gc.root"] = "test" };
        IReadOnlyList<Mount> mounts = await snapshots.PrepareAsync(id, image.ChainId.ToString(), labels, Token);
        RuntimeSpec spec = SpecBuilder.Build(
            "default",
            id,
            image.Config.Config,
            RootfsUsers.Read(mounts).Resolve(image.Config.Config.User),
            options(new SpecOptions { Args = args }));
        ContainerRecord container = await Scope.Containers.CreateAsync(
            new ContainerRecord(id)
            {
                Image = fixture.Image,
                RuntimeName = "io.containerd.runc.v2",
                Spec = new TypedBytes(RuntimeSpecJson.SpecTypeUrl, RuntimeSpecJson.ToBytes(spec)),
                Snapshotter = Snapshotter,
                SnapshotKey = id,
            },
            Token);
        _made.Add(container);
        return (mounts, container);
    }

    private async Task RemoveAsync(ContainerRecord container)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        await IgnoreAsync(Tasks.KillAsync(container.Id, 9, all: true, cancellationToken: limit.Token));
        await IgnoreAsync(Tasks.WaitAsync(container.Id, cancellationToken: limit.Token));
        await IgnoreAsync(Tasks.DeleteAsync(container.Id, limit.Token));
        await IgnoreAsync(Scope.Containers.DeleteAsync(container.Id, limit.Token));
        await IgnoreAsync(Scope.Snapshots(Snapshotter).RemoveAsync(container.SnapshotKey, limit.Token));
    }

    private static async Task IgnoreAsync(Task cleanup)
    {
        try
        {
            await cleanup;
        }
        catch (GantryException)
        {
            // Each test leaves another part behind; the fixture counts what is left in the end.
        }
    }
}
