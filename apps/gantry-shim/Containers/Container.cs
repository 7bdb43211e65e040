using System.Collections.Concurrent;
using Gantry.Api.Events;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Io;
using Gantry.Linux.Mounts;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Gantry.Shim.Events;
using Gantry.Shim.Executor;
using Gantry.Shim.Logging;

namespace Gantry.Shim.Containers;

/// <summary>A container: its bundle, its runtime, its processes.</summary>
internal sealed class Container : IDisposable
{
    /// <summary>How often a container's processes are counted and killed again: they may fork meanwhile.</summary>
    private const int KillRounds = 10;

    private readonly ConcurrentDictionary<string, ExecProcess> _execs = new(StringComparer.Ordinal);
    private CgroupPaths? _cgroup;

    /// <summary>Whether nobody else is in its cgroup: else its list of processes is not the container's.</summary>
    private bool _ownsCgroup;
    private OomWatch? _oom;
    private string? _rootfs;

    private Container(string id, string bundle, RuntimeOptions options, ContainerEnvironment environment, StreamNames names, string checkpoint)
    {
        Id = id;
        Bundle = bundle;
        Options = options;
        Environment = environment;
        Config = BundleConfig.Read(bundle);
        Runtime = new OciRuntime(options, environment.StateDirectory, environment.Namespace, bundle);
        Init = new InitProcess(this, names, checkpoint);
    }

    public string Id { get; }

    public string Bundle { get; }

    public RuntimeOptions Options { get; }

    public BundleConfig Config { get; }

    public OciRuntime Runtime { get; }

    public InitProcess Init { get; }

    public IoLoop Loop => Environment.Loop;

    public EventPublisher Publisher => Environment.Publisher;

    public ShimLog Log => Environment.Log;

    public TimeProvider Time => Environment.Time;

    public IEnumerable<ExecProcess> Execs => _execs.Values;

    /// <summary>Who owns the pipes of its processes, if the options say.</summary>
    public (uint User, uint Group)? IoOwner =>
        Options.IoUser == 0 && Options.IoGroup == 0 ? null : (Options.IoUser, Options.IoGroup);

    /// <summary>Its cgroups, once it was created.</summary>
    public CgroupPaths? Cgroup => _cgroup;

    public ContainerEnvironment Environment { get; }

    /// <summary>Creates a container.</summary>
    /// <param name="request">What the daemon asks for.</param>
    /// <param name="environment">What containers of this shim share.</param>
    /// <param name="limit">When that is given up.</param>
    /// <remarks>
    /// 1. What the clean-up needs is written into the bundle.
    /// 2. The root filesystem is mounted.
    /// 3. The runtime makes the container, its process waiting.
    /// 4. That is published; only then is its end looked for.
    /// When a step fails, what the ones before it did is undone.
    /// </remarks>
    public static async Task<Container> CreateAsync(
        CreateTaskRequest request, ContainerEnvironment environment, CancellationToken limit)
    {
        RuntimeOptions options = RuntimeOptions.From(request.Options);
        options = request.Checkpoint.Length > 0 ? OciRuntime.ForRestore(options) : options;
        StreamNames names = new(request.Stdin, request.Stdout, request.Stderr, request.Terminal);
        Container container = new(request.Id, request.Bundle, options, environment, names, request.Checkpoint);
        environment.Log.Debug(container.Runtime.Choice);
        try
        {
            // Step 1: what the clean-up needs
            options.Write(request.Bundle);
            await File.WriteAllTextAsync(
                Path.Combine(request.Bundle, BundleFiles.Runtime), container.Runtime.Name, CancellationToken.None);

            // Step 2: the root filesystem
            container.MountRootfs(request);

            // Step 3: the container
            await container.Init.CreateAsync(limit);
        }
        catch
        {
            await ContainerRemains.RemoveAsync(
                container.Runtime, container.Id, container.Config.CgroupsPath, environment.Time);
            container.UnmountRootfs();
            container.Dispose();
            throw;
        }

        // Step 4: what is to be known of it
        if (container.Init.Pid > 0)
        {
            container.FindCgroup();
        }

        container.Publisher.Publish(TaskTopics.Create, "containerd.events.TaskCreate", Created(request, container));
        container.Init.BeginWatch();
        return container;
    }

    /// <summary>A process.</summary>
    /// <param name="execId">The id of one that was added, or empty for the first.</param>
    public ContainerProcess Process(string execId)
    {
        if (execId.Length == 0)
        {
            return Init;
        }

        return _execs.TryGetValue(execId, out ExecProcess? exec)
            ? exec
            : throw new GantryException(ErrorKind.NotFound, $"process does not exist {execId}");
    }

    /// <summary>Adds a process, to be started.</summary>
    /// <param name="request">What the daemon asks for.</param>
    public void AddExec(ExecProcessRequest request)
    {
        if (_execs.ContainsKey(request.ExecId))
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"id {request.ExecId}");
        }

        if (Init.Deleted || Init.Status is Gantry.Api.Types.Task.Status.Paused or Gantry.Api.Types.Task.Status.Stopped)
        {
            throw Init.Deleted
                ? Init.Cannot("exec in", "process")
                : new GantryException(
                    ErrorKind.Unknown, $"cannot exec in a {Init.Status.ToString().ToLowerInvariant()} state");
        }

        StreamNames names = new(request.Stdin, request.Stdout, request.Stderr, request.Terminal);
        ExecProcess exec = new(this, request.ExecId, names, request.Spec is null ? [] : request.Spec.Value.Span);
        if (!_execs.TryAdd(request.ExecId, exec))
        {
            exec.Dispose();
            throw new GantryException(ErrorKind.AlreadyExists, $"id {request.ExecId}");
        }

        Publisher.Publish(
            TaskTopics.ExecAdded,
            "containerd.events.TaskExecAdded",
            new TaskExecAdded { ContainerId = Id, ExecId = request.ExecId });
    }

    /// <summary>Forgets a process that was deleted.</summary>
    /// <param name="execId">Its id.</param>
    public void RemoveExec(string execId)
    {
        if (_execs.TryRemove(execId, out ExecProcess? exec))
        {
            exec.Dispose();
        }
    }

    /// <summary>The process ids in its cgroups, or in their place that of its first process.</summary>
    public IReadOnlyList<int> Pids() => _ownsCgroup && _cgroup?.Processes() is { Count: > 0 } pids
        ? pids
        : Init.Ended.IsCompleted || Init.Pid == 0 ? [] : [Init.Pid];

    /// <summary>Sends a signal to all its processes; a kill goes on until there are none left.</summary>
    /// <param name="signal">The signal's number.</param>
    public void SignalAll(int signal)
    {
        int rounds = signal == Signals.SIGKILL ? KillRounds : 1;
        for (int round = 0; round < rounds; round++)
        {
            int reached = 0;
            foreach (int pid in Pids())
            {
                reached += TrySignal(pid, signal) ? 1 : 0;
            }

            if (reached == 0)
            {
                return;
            }
        }
    }

    /// <summary>Publishes a kill for want of memory that has not been told yet: it comes before the exit.</summary>
    public void CheckOom() => _oom?.Check();

    public void UnmountRootfs()
    {
        if (_rootfs is not null)
        {
            MountCalls.UnmountAll(_rootfs, UnmountFlags.UMOUNT_NOFOLLOW);
            _rootfs = null;
        }
    }

    public void Dispose()
    {
        _oom?.Dispose();
        foreach (ExecProcess exec in _execs.Values)
        {
            exec.Dispose();
        }

        Init.Dispose();
    }

    private static TaskCreate Created(CreateTaskRequest request, Container container)
    {
        TaskCreate created = new()
        {
            ContainerId = container.Id,
            Bundle = container.Bundle,
            Checkpoint = request.Checkpoint,
            Pid = (uint)container.Init.Pid,
            Io = new TaskIO
            {
                Stdin = request.Stdin,
                Stdout = request.Stdout,
                Stderr = request.Stderr,
                Terminal = request.Terminal,
            },
        };
        created.Rootfs.AddRange(request.Rootfs);
        return created;
    }

    private static bool TrySignal(int pid, int signal)
    {
        try
        {
            Signals.Send(pid, signal);
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            // It ended meanwhile, which is what was wanted.
            return false;
        }
    }

    private void MountRootfs(CreateTaskRequest request)
    {
        if (request.Rootfs.Count == 0)
        {
            return;
        }

        _rootfs = Path.Combine(Bundle, BundleFiles.Rootfs);
        Directory.CreateDirectory(_rootfs);
        foreach (Gantry.Api.Types.Mount mount in request.Rootfs)
        {
            string target = mount.Target.Length == 0 ? _rootfs : Path.Join(_rootfs, mount.Target);
            try
            {
                LoopMount.Mount(mount.Type, mount.Source, target, mount.Options);
            }
            catch (LinuxException e)
            {
                throw new GantryException(
                    ErrorKind.Unknown,
                    $"failed to mount rootfs component: {e.Message} (type {mount.Type}, source {mount.Source})",
                    e);
            }
        }
    }

    /// <summary>Finds its cgroups by its first process.</summary>
    public void FindCgroup()
    {
        try
        {
            _cgroup = CgroupPaths.OfProcess(Init.Pid);
            CgroupPaths own = CgroupPaths.OfProcess(System.Environment.ProcessId);
            _ownsCgroup = !_cgroup.IsRoot
                && !string.Equals(_cgroup.ProcessesDirectory, own.ProcessesDirectory, StringComparison.Ordinal);
            _oom = OomWatch.Begin(_cgroup, Loop, PublishOom);
        }
        catch (IOException e)
        {
            // The process may have ended already. It has no statistics then.
            Log.Warning($"no cgroup of process {Init.Pid}", e);
        }
    }

    private void PublishOom() =>
        Publisher.Publish(TaskTopics.Oom, "containerd.events.TaskOOM", new TaskOOM { ContainerId = Id });
}
