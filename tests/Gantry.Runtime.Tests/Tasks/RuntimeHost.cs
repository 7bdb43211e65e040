using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gantry.Api;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Services.EventsTtrpc;
using Gantry.Core;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Linux.Mounts;
using Gantry.Linux.Processes;
using Gantry.Runtime.Events;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Tasks;
using Gantry.Testing;
using Gantry.Ttrpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using DeleteRequest = Gantry.Api.Runtime.TaskV2.DeleteRequest;
using Mount = Gantry.Core.Mounts.Mount;

namespace Gantry.Runtime.Tests.Tasks;

/// <summary>
/// The part of a daemon that runs tasks, on a root of its own: it can die and come again, as a daemon does.
/// </summary>
internal sealed class RuntimeHost : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _shim;
    private readonly List<Recorded> _recorded = [];
    private CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;
    private Task _recording = Task.CompletedTask;
    private Socket? _listener;
    private TtrpcServer? _server;

    private RuntimeHost(string shim) => _shim = shim;

    public Namespace Namespace { get; } = Namespace.Parse("t" + Guid.NewGuid().ToString("N")[..8]);

    public EventExchange Events { get; private set; } = new(TimeProvider.System);

    public TaskManager Tasks { get; private set; } = null!;

    /// <summary>The deadlines of the next daemon.</summary>
    public TaskDeadlines Deadlines { get; set; } = new();

    public string State => _directory["state"];

    public string Rootfs => _directory["rootfs"];

    public string BundlePath(string id) =>
        Path.Combine(State, "io.containerd.runtime.v2.task", Namespace.ToString(), id);

    public static async Task<RuntimeHost> StartAsync(string shim)
    {
        Needs.Root();
        RuntimeHost host = new(shim);
        string busybox = Needs.Program("busybox");
        Directory.CreateDirectory(Path.Combine(host.Rootfs, "bin"));
        Directory.CreateDirectory(Path.Combine(host.Rootfs, "proc"));
        File.Copy(busybox, Path.Combine(host.Rootfs, "bin", "busybox"));
        foreach (string name in new[] { "sh", "sleep", "true", "cat", "echo" })
        {
            File.CreateSymbolicLink(Path.Combine(host.Rootfs, "bin", name), "busybox");
        }

        await host.RunAsync();
        return host;
    }

    /// <summary>A daemon begins: it listens for events, records them, and adopts what there is.</summary>
    public async Task RunAsync()
    {
        _stop = new CancellationTokenSource();
        Events = new EventExchange(TimeProvider.System);
        IAsyncEnumerable<EventEnvelope> all = Events.Subscribe([], _stop.Token);
        _recording = RecordAsync(all);
        TaskManagerOptions options = new(
            _directory["root"], State, _directory["g.sock"], _directory["g.sock.ttrpc"])
        {
            Runtimes = new Dictionary<string, string>(StringComparer.Ordinal) { ["io.containerd.runc.v2"] = _shim },
            PublishBinary = "/bin/false",
            Deadlines = Deadlines,
        };
        Tasks = new TaskManager(options, Events, TimeProvider.System, NullLogger<TaskManager>.Instance);
        Task loading = Tasks.LoadAsync(Task.CompletedTask, TestContext.Current.CancellationToken);
        _server = new TtrpcServer();
        _server.AddService(
            "containerd.services.events.ttrpc.v1.Events",
            binder => Api.Services.EventsTtrpc.Events.BindService(binder, new Forwarder(Events)));
        File.Delete(options.TtrpcAddress);
        _listener = TtrpcAddress.Parse(options.TtrpcAddress).Listen();
        _serving = _server.RunAsync(_listener, _stop.Token);
        await loading;
    }

    /// <summary>The daemon dies; what it started lives on.</summary>
    public async Task DieAsync()
    {
        await Tasks.DisposeAsync();
        await _stop.CancelAsync();
        await _serving;
        await _recording;
        await _server!.DisposeAsync();
        _listener!.Dispose();
        _stop.Dispose();
    }

    public async Task<uint> CreateAsync(string id, params string[] arguments) =>
        await Tasks.CreateAsync(Namespace, Creation(id, arguments), TestContext.Current.CancellationToken);

    public TaskCreation Creation(string id, params string[] arguments) =>
        new(id, "io.containerd.runc.v2", new TypedBytes("types.containerd.io/x", Specs.Make(Namespace, id, arguments)))
        {
            RootFilesystem = [Overlay(id)],
            // The same executor under each shim, whatever the shim's own choice is.
            Options = TypeUrl.Pack(new Options { BinaryName = Needs.Program("runc") }),
        };

    /// <summary>A root filesystem as a snapshotter makes it: a layer of the container's own over that of the image.</summary>
    private Mount Overlay(string id)
    {
        string upper = _directory[$"layers/{id}/fs"];
        string work = _directory[$"layers/{id}/work"];
        Directory.CreateDirectory(upper);
        Directory.CreateDirectory(work);
        return new Mount("overlay", "overlay", [$"workdir={work}", $"upperdir={upper}", $"lowerdir={Rootfs}"]);
    }

    /// <summary>Creates and starts.</summary>
    public async Task<uint> UpAsync(string id, params string[] arguments)
    {
        await CreateAsync(id, arguments);
        return await Tasks.StartAsync(Namespace, id, "", TestContext.Current.CancellationToken);
    }

    public Task<ProcessExit> WaitAsync(string id) =>
        Tasks.WaitAsync(Namespace, id, "", TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public Task<ProcessExit> DeleteAsync(string id) =>
        Tasks.DeleteAsync(Namespace, id, TestContext.Current.CancellationToken);

    /// <summary>Has the shim delete its task without the daemon's knowledge: as far as a daemon comes that is killed then.</summary>
    public async Task DeleteInShimAsync(string id)
    {
        BootstrapResult bootstrap = BootstrapResult.Parse(
            await File.ReadAllBytesAsync(Path.Combine(BundlePath(id), "bootstrap.json"), TestContext.Current.CancellationToken));
        await using Shim shim = await Shim.ConnectAsync(
            bootstrap, Namespace, TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        DeleteRequest request = new() { Id = id };
        await shim.CallAsync(
            (c, o) => c.DeleteAsync(request, o), TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    public Task KillAsync(string id) =>
        Tasks.KillAsync(Namespace, id, "", Signals.SIGKILL, all: false, TestContext.Current.CancellationToken);

    /// <summary>The topics told of a task so far, in their order.</summary>
    public string[] Topics(string id)
    {
        lock (_recorded)
        {
            return [.. _recorded.Where(r => r.Mentions(id)).Select(r => r.Topic)];
        }
    }

    /// <summary>Waits for an event of a task.</summary>
    public async Task<EventEnvelope> SeenAsync(string id, string topic)
    {
        Task<EventEnvelope> seen;
        lock (_recorded)
        {
            Recorded? past = _recorded.FirstOrDefault(r => r.Topic == topic && r.Mentions(id));
            if (past is not null)
            {
                return past.Envelope;
            }

            TaskCompletionSource<EventEnvelope> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((id, topic, source));
            seen = source.Task;
        }

        return await seen.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>The process id of the shim that was started for a task.</summary>
    public int ShimPid(string id) => Directory.EnumerateDirectories("/proc")
        .Where(process => CommandLine(process).Contains($" -namespace {Namespace} ", StringComparison.Ordinal))
        .Where(process => CommandLine(process).Contains($" -id {id} ", StringComparison.Ordinal))
        .Select(process => int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture))
        .Single();

    /// <summary>The file of the socket that a task's shim listens on.</summary>
    public string SocketPath(string id) => TtrpcAddress.Parse(
        BootstrapResult.Parse(File.ReadAllBytes(Path.Combine(BundlePath(id), "bootstrap.json"))).Address).Path;

    /// <summary>
    /// What is left over: bundles, mounts, and processes that do not end by themselves. A shim may deliver its last events
    /// after it has closed its connections.
    /// </summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        for (int i = 0; i < 100 && Processes().Count > 0; i++)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        List<string> left = [];
        foreach (string tree in new[] { "state", "root" })
        {
            string directory = Path.Combine(
                _directory[tree], "io.containerd.runtime.v2.task", Namespace.ToString());
            left.AddRange(Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory) : []);
        }

        left.AddRange(MountInfo.ReadBelow(_directory.Path).Select(mount => mount.MountPoint));
        left.AddRange(Processes());
        return left;
    }

    /// <summary>The command lines of all processes of this host's namespace: shims, and what they run.</summary>
    public IReadOnlyList<string> Processes() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Where(process => int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out _))
            .Select(CommandLine)
            .Where(line => line.Contains(Namespace.ToString(), StringComparison.Ordinal)),
    ];

    public async ValueTask DisposeAsync()
    {
        // One whose shim is lost is being removed already.
        IReadOnlyList<ProcessState> states = await Tasks.ListAsync(Namespace, CancellationToken.None);
        foreach (ProcessState state in states.Where(state => state.Status is not ProcessStatus.Unknown))
        {
            if (state.Status is not ProcessStatus.Stopped)
            {
                await KillAsync(state.ContainerId);
                await WaitAsync(state.ContainerId);
            }

            await DeleteAsync(state.ContainerId);
        }

        await DieAsync();
        foreach (MountInfo mount in MountInfo.ReadBelow(_directory.Path).Reverse())
        {
            MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH);
        }

        _directory.Dispose();
    }

    private readonly List<(string Id, string Topic, TaskCompletionSource<EventEnvelope> Source)> _waiting = [];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return "";
        }
    }

    private async Task RecordAsync(IAsyncEnumerable<EventEnvelope> all)
    {
        try
        {
            await foreach (EventEnvelope envelope in all)
            {
                Recorded recorded = new(envelope);
                lock (_recorded)
                {
                    _recorded.Add(recorded);
                    foreach ((string id, string topic, TaskCompletionSource<EventEnvelope> source) in _waiting)
                    {
                        if (topic == recorded.Topic && recorded.Mentions(id))
                        {
                            source.TrySetResult(envelope);
                        }
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon has died.
            return;
        }
    }

    private sealed record Recorded(EventEnvelope Envelope)
    {
        public string Topic => Envelope.Topic;

        // The container's id is field 1 of every event of tasks.
        public bool Mentions(string id) =>
            Envelope.Event.Value.Span.StartsWith((byte[])[10, (byte)id.Length, .. Encoding.UTF8.GetBytes(id)]);
    }

    private sealed class Forwarder(EventExchange events) : Api.Services.EventsTtrpc.Events.EventsBase
    {
        public override async Task<Empty> Forward(ForwardRequest request, ServerCallContext context)
        {
            await events.ForwardAsync(request.Envelope.ToRecord(), context.CancellationToken);
            return new Empty();
        }
    }
}
