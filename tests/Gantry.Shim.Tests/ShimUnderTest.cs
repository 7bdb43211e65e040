using System.Text;
using System.Text.Json.Nodes;
using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Api.Types;
using Gantry.Linux.Io;
using Gantry.Linux.Mounts;
using Gantry.Testing;
using Gantry.Ttrpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using TaskClient = Gantry.Api.Runtime.TaskV2.Task.TaskClient;

namespace Gantry.Shim.Tests;

/// <summary>A daemon's side of a shim: bundles with a busybox in them, the socket, the events.</summary>
internal sealed class ShimUnderTest : IAsyncDisposable
{
    public const string Namespace = "gantry-test";

    private readonly TempDirectory _directory = new();
    private readonly string _executor;
    private readonly string _shim;
    private readonly List<string> _started = [];
    private readonly List<IDisposable> _logs = [];
    private TtrpcClient? _client;

    /// <summary>Makes the place; the shim is launched with the first container.</summary>
    /// <param name="executor">The OCI runtime.</param>
    /// <param name="shim">The shim: ours, or containerd's by its name.</param>
    public ShimUnderTest(string executor = "runc", string shim = ShimBinary.Name)
    {
        Needs.Root();
        _shim = shim == ShimBinary.Name ? ShimBinary.FilePath : Needs.Program(shim);
        string busybox = Needs.Program("busybox");
        _executor = Executors.PathOf(executor, _directory);
        Events = new RecordedEvents(_directory["d.sock.ttrpc"]);
        foreach (string name in (string[])["bin", "proc", "dev", "tmp", "etc"])
        {
            Directory.CreateDirectory(Path.Combine(Lower, name));
        }

        File.Copy(busybox, Path.Combine(Lower, "bin/busybox"));
        foreach (string applet in (string[])
            ["sh", "cat", "echo", "sleep", "true", "head", "stty", "seq", "tail", "kill", "trap", "ls", "dd", "touch", "yes",
             "sha256sum", "setsid", "wc"])
        {
            File.CreateSymbolicLink(Path.Combine(Lower, "bin", applet), "busybox");
        }
    }

    public RecordedEvents Events { get; private set; }

    public TaskClient Task => new(Client.CallInvoker);

    public TtrpcClient Client => _client ?? throw new InvalidOperationException("the shim was not started");

    public string Address { get; private set; } = "";

    private string Lower => _directory["rootfs"];

    public string this[string name] => _directory[name];

    public string Bundle(string id) => _directory[$"b/{id}"];

    public string[] Flags(string id) => ["-namespace", Namespace, "-id", id, "-address", _directory["d.sock"]];

    public string CgroupPath(string id) => $"/{Namespace}-{Path.GetFileName(_directory.Path)}-{id}";

    /// <summary>The directories of a container's cgroups that are there.</summary>
    public IReadOnlyList<string> Cgroups(string id) =>
    [
        .. File.ReadLines("/proc/self/mountinfo")
            .Select(line => line.Split(' '))
            .Where(fields => fields.Contains("cgroup") || fields.Contains("cgroup2"))
            .Select(fields => fields[4] + CgroupPath(id))
            .Where(Directory.Exists),
    ];

    /// <summary>Waits for what will be so soon.</summary>
    public System.Threading.Tasks.Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(() => System.Threading.Tasks.Task.FromResult(condition()), cancellationToken);

    /// <summary>Waits for what will be so soon.</summary>
    public async System.Threading.Tasks.Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await System.Threading.Tasks.Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    public static Dictionary<string, string?> Environment(string ttrpcAddress) => new(StringComparer.Ordinal)
    {
        ["TTRPC_ADDRESS"] = ttrpcAddress,
        ["MAX_SHIM_VERSION"] = null,
    };

    /// <summary>Writes a bundle.</summary>
    public void MakeBundle(string id, string[] command, Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(Path.Combine(Bundle(id), "rootfs"));
        JsonObject spec = JsonNode.Parse(Spec)!.AsObject();
        spec["process"]!["args"] = Array(command);
        spec["linux"]!["cgroupsPath"] = CgroupPath(id);
        change?.Invoke(spec);
        File.WriteAllText(Path.Combine(Bundle(id), "config.json"), spec.ToJsonString());
    }

    public static JsonArray Array(params string[] items) => new([.. items.Select(item => JsonValue.Create(item))]);

    /// <summary>Runs the command start and connects to the shim.</summary>
    /// <param name="id">The container.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="input">What the command gets on standard input, if anything.</param>
    public async System.Threading.Tasks.Task LaunchAsync(
        string id, CancellationToken cancellationToken, byte[]? input = null)
    {
        if (_shim != ShimBinary.FilePath)
        {
            // The other one does not run without a reader of its log.
            string log = Path.Combine(Bundle(id), "log");
            if (!File.Exists(log))
            {
                Fifo.Create(log, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            _logs.Add(Descriptors.OpenFifo(log));
        }

        (int code, byte[] output, string error) = await ShimBinary.RunAsync(
            _shim,
            [.. Flags(id), "start"],
            Bundle(id),
            input ?? [],
            Environment(_directory["d.sock.ttrpc"]),
            cancellationToken);
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Address = Encoding.UTF8.GetString(output);
        _started.Add(id);
        _client ??= await TtrpcClient.ConnectAsync(Address, cancellationToken);
    }

    /// <summary>Creates and starts a container in the shim that there is.</summary>
    public async System.Threading.Tasks.Task AddAsync(string id, CancellationToken cancellationToken)
    {
        await Task.CreateAsync(CreateRequest(id), cancellationToken: cancellationToken);
        await StartAsync(id, cancellationToken);
        _started.Add(id);
    }

    /// <summary>The process id of the shim that was started with a container.</summary>
    public int Pid(string id) => int.Parse(File.ReadAllText(Path.Combine(Bundle(id), "shim.pid")));

    public CreateTaskRequest CreateRequest(string id)
    {
        CreateTaskRequest request = new()
        {
            Id = id,
            Bundle = Bundle(id),
            Options = TypeUrl.PackAny(
                "containerd.runc.v1.Options",
                new Options { BinaryName = _executor, Root = _directory["executor"] }),
        };
        request.Rootfs.Add(new Mount { Type = "bind", Source = Lower, Options = { "rbind", "ro" } });
        return request;
    }

    /// <summary>A bundle, a shim, and the container created in it.</summary>
    public async Task<uint> CreateAsync(
        string id,
        string[] command,
        CancellationToken cancellationToken,
        Action<CreateTaskRequest>? request = null,
        Action<JsonObject>? spec = null)
    {
        MakeBundle(id, command, spec);
        await LaunchAsync(id, cancellationToken);
        CreateTaskRequest create = CreateRequest(id);
        request?.Invoke(create);
        if (_shim != ShimBinary.FilePath && create.Stderr.Length == 0 && !create.Terminal)
        {
            // The other one opens both or none.
            create.Stderr = create.Stdout;
        }

        return (await Task.CreateAsync(create, cancellationToken: cancellationToken)).Pid;
    }

    public async System.Threading.Tasks.Task StartAsync(string id, CancellationToken cancellationToken) =>
        await Task.StartAsync(new StartRequest { Id = id }, cancellationToken: cancellationToken);

    public async Task<WaitResponse> WaitAsync(string id, string exec, CancellationToken cancellationToken) =>
        await Task.WaitAsync(new WaitRequest { Id = id, ExecId = exec }, cancellationToken: cancellationToken);

    public static Any ProcessSpec(params string[] command)
    {
        JsonObject spec = new()
        {
            ["args"] = Array(command),
            ["cwd"] = "/",
            ["env"] = Array("PATH=/bin"),
            ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        };
        return new Any
        {
            TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process",
            Value = ByteString.CopyFromUtf8(spec.ToJsonString()),
        };
    }

    /// <summary>Makes a FIFO, and reads it to its end as soon as somebody writes to it.</summary>
    public (string Path, Task<string> Text) OutputFifo(string name)
    {
        string path = MakeFifo(name);
        return (path, System.Threading.Tasks.Task.Run(() => File.ReadAllText(path)));
    }

    public string MakeFifo(string name)
    {
        string path = _directory[name];
        Fifo.Create(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public async System.Threading.Tasks.Task RestartDaemonAsync(Func<System.Threading.Tasks.Task> meanwhile)
    {
        await Events.DisposeAsync();
        await meanwhile();
        Events = new RecordedEvents(_directory["d.sock.ttrpc"]);
    }

    /// <summary>The resident memory of the shim of a container, in bytes.</summary>
    public async Task<long> ResidentAsync(string id, CancellationToken cancellationToken)
    {
        uint pid = (await Task.ConnectAsync(new ConnectRequest { Id = id }, cancellationToken: cancellationToken)).ShimPid;
        string line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    /// <summary>Waits for a process and deletes it.</summary>
    public async Task<uint> WaitAndDeleteAsync(string id, string exec, CancellationToken cancellationToken)
    {
        WaitResponse exit = await WaitAsync(id, exec, cancellationToken);
        await Task.DeleteAsync(new DeleteRequest { Id = id, ExecId = exec }, cancellationToken: cancellationToken);
        return exit.ExitStatus;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await KillOtherAsync();
            await _client.DisposeAsync();
        }

        foreach (string id in _started.Where(id => File.Exists(Path.Combine(Bundle(id), "shim.pid"))))
        {
            int pid = int.Parse(File.ReadAllText(Path.Combine(Bundle(id), "shim.pid")));
            if (Gantry.Linux.Processes.Signals.Exists(pid) && IsShim(pid))
            {
                Gantry.Linux.Processes.Signals.Send(pid, 9);
            }
        }

        foreach (string id in _started.Where(id => Directory.Exists(Bundle(id))))
        {
            await ShimBinary.RunAsync(
                _shim,
                [.. Flags(id), "-bundle", Bundle(id), "delete"],
                Bundle(id),
                [],
                Environment(""),
                CancellationToken.None);
        }

        _logs.ForEach(log => log.Dispose());
        await Events.DisposeAsync();
        Assert.Empty(MountInfo.ReadBelow(_directory.Path));
        _directory.Dispose();
    }

    /// <summary>Ends a shim that is not ours, and so leaves no file with its process id.</summary>
    private async System.Threading.Tasks.Task KillOtherAsync()
    {
        if (_shim == ShimBinary.FilePath)
        {
            return;
        }

        try
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
            ConnectResponse shim = await Task.ConnectAsync(
                new ConnectRequest { Id = _started[0] }, cancellationToken: limit.Token);
            Gantry.Linux.Processes.Signals.Send((int)shim.ShimPid, 9);
        }
        catch (Grpc.Core.RpcException)
        {
            // It has ended.
        }
    }

    private bool IsShim(int pid) =>
        File.Exists($"/proc/{pid}/cmdline")
        && File.ReadAllText($"/proc/{pid}/cmdline").Contains(_directory["d.sock"], StringComparison.Ordinal);

    private const string Spec =
        """
        {
          "ociVersion": "1.0.2",
          "process": {
            "user": {"uid": 0, "gid": 0}, "args": [], "env": ["PATH=/bin"], "cwd": "/",
            "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]}
          },
          "root": {"path": "rootfs"},
          "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}
          ],
          "linux": {
            "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
            "resources": {"devices": [{"allow": true, "access": "rwm"}]}
          }
        }
        """;
}
