using System.Collections.Immutable;
using Gantry.Client;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Mounts;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Testing;

namespace Gantry.Durability.Tests.Chaos;

/// <summary>A daemon, containers on it, and what is to be left of them: nothing.</summary>
internal sealed class Arena : IAsyncDisposable
{
    private const string Runtime = "io.containerd.runc.v2";
    private const string TaskDirectory = "io.containerd.runtime.v2.task";
    private const string Snapshotter = "overlayfs";
    private const long HogMemory = 16 << 20;

    private readonly string _rootfs;

    private Arena(GantryDaemon daemon, Namespace ns)
    {
        Daemon = daemon;
        Namespace = ns;
        Events = new EventRecorder(daemon.Address, ns);
        _rootfs = Path.Combine(daemon.Home, "rootfs");
    }

    public GantryDaemon Daemon { get; }

    public Namespace Namespace { get; }

    public EventRecorder Events { get; }

    /// <summary>A client of the daemon that runs now.</summary>
    public GantryClient Client { get; private set; } = null!;

    public NamespaceClient Scope => Client.In(Namespace);

    public static async Task<Arena> OpenAsync(string config, CancellationToken cancellationToken)
    {
        string busybox = Needs.Program("busybox");
        Needs.Program("runc");
        GantryDaemon daemon = await GantryDaemon.StartNewAsync(config);
        Arena arena = new(daemon, Namespace.Parse("chaos" + Guid.NewGuid().ToString("N")[..8]));
        string bin = Path.Combine(arena._rootfs, "bin");
        Directory.CreateDirectory(bin);
        Directory.CreateDirectory(Path.Combine(arena._rootfs, "proc"));
        File.Copy(busybox, Path.Combine(bin, "busybox"));
        foreach (string name in (string[])["sh", "sleep", "true"])
        {
            File.CreateSymbolicLink(Path.Combine(bin, name), "busybox");
        }

        await arena.ConnectAsync(cancellationToken);
        return arena;
    }

    /// <summary>Connects to a daemon that has just started.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Client?.Dispose();
        Client = new GantryClient(new GantryClientOptions { SocketPath = Daemon.Address });
        await Events.BeginAsync(cancellationToken);
    }

    /// <summary>Makes a container's record.</summary>
    /// <param name="id">The container.</param>
    /// <param name="hog">Whether it is to run out of memory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task MakeRecordAsync(string id, bool hog, CancellationToken cancellationToken) => MakeRecordAsync(
        id,
        hog ? ["sh", "-c", "a=xxxxxxxx; while true; do a=$a$a; done"] : ["sleep", "100000"],
        hog ? HogMemory : null,
        ImmutableDictionary<string, string>.Empty,
        cancellationToken);

    /// <summary>Makes a container's record, with labels.</summary>
    public async Task MakeRecordAsync(
        string id,
        IReadOnlyList<string> args,
        long? memory,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        RuntimeSpec spec = SpecBuilder.Build(
            Namespace.ToString(),
            id,
            new ContainerDefaults(),
            new SpecUser(),
            new SpecOptions { Args = args, Edit = spec => spec.WithLimits(new ResourceLimits { Memory = memory }) });
        ContainerRecord record = new(id)
        {
            RuntimeName = Runtime,
            Labels = labels,
            Snapshotter = labels.Count > 0 ? Snapshotter : "",
            SnapshotKey = labels.Count > 0 ? id : "",
            Spec = new TypedBytes(RuntimeSpecJson.SpecTypeUrl, RuntimeSpecJson.ToBytes(spec)),
        };
        await Scope.Containers.CreateAsync(record, cancellationToken);
    }

    /// <summary>Makes a container and its task, and starts it.</summary>
    /// <returns>The process id of its first process.</returns>
    public async Task<uint> UpAsync(string id, bool hog, CancellationToken cancellationToken)
    {
        await MakeRecordAsync(id, hog, cancellationToken);
        uint pid = await Scope.Tasks.CreateAsync(id, RootfsOf(id), ProcessStreams.None, cancellationToken: cancellationToken);
        await Scope.Tasks.StartAsync(id, cancellationToken: cancellationToken);
        return pid;
    }

    /// <summary>Makes an active snapshot of a container's id, with the files of all in it.</summary>
    public async Task MakeSnapshotAsync(string id, CancellationToken cancellationToken)
    {
        IReadOnlyList<Mount> mounts = await Scope.Snapshots(Snapshotter).PrepareAsync(
            id, "", ImmutableDictionary<string, string>.Empty, cancellationToken);

        // A snapshot without a parent is a directory.
        string target = mounts[0].Source;
        foreach (string directory in (string[])["bin", "proc", "sys", "dev", "run", "tmp"])
        {
            Directory.CreateDirectory(Path.Combine(target, directory));
        }

        foreach (FileInfo file in new DirectoryInfo(Path.Combine(_rootfs, "bin")).EnumerateFiles())
        {
            string copy = Path.Combine(target, "bin", file.Name);
            if (file.LinkTarget is { } link)
            {
                File.CreateSymbolicLink(copy, link);
            }
            else
            {
                file.CopyTo(copy);
            }
        }
    }

    /// <summary>The mounts of a container's snapshot.</summary>
    public Task<IReadOnlyList<Mount>> SnapshotMountsAsync(string id, CancellationToken cancellationToken) =>
        Scope.Snapshots(Snapshotter).MountsAsync(id, cancellationToken);

    /// <summary>Starts the daemon again.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await Daemon.StartAsync(cancellationToken);
        await ConnectAsync(cancellationToken);
    }

    /// <summary>Waits until a container is listed in a state; null: until it is not listed.</summary>
    public async Task<ProcessState?> SeeAsync(string id, ProcessStatus? wanted, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            IReadOnlyList<ProcessState> tasks = await Scope.Tasks.ListAsync(limit.Token);
            ProcessState? state = tasks.FirstOrDefault(task => task.ContainerId == id);
            if (state?.Status == wanted)
            {
                return state;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    /// <summary>Kills a container and removes its task.</summary>
    public async Task DownAsync(string id, CancellationToken cancellationToken)
    {
        await Scope.Tasks.KillAsync(id, 9, cancellationToken: cancellationToken);
        await Scope.Tasks.WaitAsync(id, cancellationToken: cancellationToken);
        await Scope.Tasks.DeleteAsync(id, cancellationToken);
    }

    /// <summary>The bundle of a container.</summary>
    public string BundleOf(string id) => Path.Combine(Daemon.State, TaskDirectory, Namespace.ToString(), id);

    /// <summary>The root filesystem of a container: a layer of its own over that of all.</summary>
    public IReadOnlyList<Mount> RootfsOf(string id)
    {
        string upper = Path.Combine(Daemon.Home, "layers", id, "fs");
        string work = Path.Combine(Daemon.Home, "layers", id, "work");
        Directory.CreateDirectory(upper);
        Directory.CreateDirectory(work);
        return [new Mount("overlay", "overlay", [$"workdir={work}", $"upperdir={upper}", $"lowerdir={_rootfs}"])];
    }

    /// <summary>How often the daemons have told that a container's first process exited, by their logs.</summary>
    public int ExitsTold(string id)
    {
        string needle = $"task {Namespace}/{id}: exit of ";
        string log = Daemon.Log;
        int count = 0;
        for (int at = log.IndexOf(needle, StringComparison.Ordinal); at >= 0;
            at = log.IndexOf(needle, at + needle.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    /// <summary>Whether an exit of a container's first process is kept with it, and so counts as told.</summary>
    public bool ExitIsKept(string id) => File.Exists(Path.Combine(BundleOf(id), "exit"));

    /// <summary>What is left of containers, apart from one.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync(string except)
    {
        bool Expected(string left) => left.Contains($"/{except}", StringComparison.Ordinal)
            || left.Contains($"-id {except} ", StringComparison.Ordinal);
        List<string> left = [.. await Daemon.LeftoversAsync(Expected)];
        left.AddRange(Files(Path.Combine(Daemon.State)).Where(path => !Expected(path)));
        left.AddRange(Children(Path.Combine(Daemon.Home, "runc", Namespace.ToString())).Where(path => !Expected(path)));
        left.AddRange(Children(Path.Combine(Daemon.Root, TaskDirectory, Namespace.ToString())).Where(path => !Expected(path)));
        left.AddRange(Directory.EnumerateDirectories("/sys/fs/cgroup")
            .SelectMany(hierarchy => Children(Path.Combine(hierarchy, Namespace.ToString())))
            .Where(Directory.Exists)
            .Where(path => !Expected(path)));
        left.AddRange(Prey.Stranded(Daemon.Home));

        // One socket is that of the shim that is to stay.
        left.AddRange(Children(Path.Combine(Daemon.Home, "s")).Skip(except.Length > 0 ? 1 : 0));
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync();
        Client.Dispose();
        if (Daemon.ProcessId != 0)
        {
            await Daemon.KillAsync();
        }

        // After a failure all that the daemon should have removed is there.
        Prey.KillAll(Daemon.Home);
        // No container's runtime removes the cgroup that they all were in.
        await CgroupTree.RemoveAsync(
            "/" + Namespace, TimeSpan.FromSeconds(10), TimeProvider.System, CancellationToken.None);
        foreach (MountInfo mount in MountInfo.ReadBelow(Daemon.Home).Reverse())
        {
            MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH);
        }

        await Daemon.DisposeAsync();
    }

    private static IEnumerable<string> Files(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true })
        : [];

    private static IEnumerable<string> Children(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory) : [];
}
