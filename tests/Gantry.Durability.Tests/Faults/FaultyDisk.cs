using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Faults;

/// <summary>A daemon whose root is a small filesystem of its own, and a client.</summary>
internal sealed class FaultyDisk : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private LoopDisk? _filesystem;

    private FaultyDisk()
    {
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public GantryDaemon Daemon { get; } = new();

    public GantryClient Client { get; private set; } = null!;

    public NamespaceClient Scope => Client.In(Namespace.Default);

    public LoopDisk Filesystem => _filesystem!;

    public static async Task<FaultyDisk> StartAsync(long size = 64 << 20, string options = "")
    {
        FaultyDisk disk = new();
        try
        {
            disk._filesystem = await LoopDisk.MakeAsync(
                "ext4",
                size,
                disk._directory["disk"],
                disk.Daemon.Root,
                options,
                "-E",
                "lazy_itable_init=0,lazy_journal_init=0");
            await disk.Daemon.StartAsync(Token);
            disk.Client = new GantryClient(new GantryClientOptions { SocketPath = disk.Daemon.Address });
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes a blob that is kept.</summary>
    public async Task<Digest> PutAsync(int length, int seed)
    {
        byte[] data = new byte[length];
        new Random(seed).NextBytes(data);
        Digest digest = Digest.OfBytes(data);
        await using IContentWriter writer = await Scope.Content.OpenWriterAsync($"put-{seed}", length, digest, Token);
        await writer.WriteAsync(data, Token);
        await writer.CommitAsync(
            length,
            digest,
            new Dictionary<string, string> { ["containerd.io/gc.root"] = "kept" },
            Token);
        return digest;
    }

    /// <summary>Reads a blob, which must be that of its digest.</summary>
    public async Task ReadAsync(Digest digest)
    {
        await using Stream stream = await Scope.Content.OpenReaderAsync(digest, Token);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Token);
        Assert.Equal(digest, Digest.OfBytes(bytes.ToArray()));
    }

    public Task CreateContainerAsync(string id, int specLength = 100) => Scope.Containers.CreateAsync(
        new ContainerRecord(id)
        {
            RuntimeName = "io.containerd.runc.v2",
            Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", new byte[specLength]),
        },
        Token);

    /// <summary>Stops the daemon, mounts the disk anew, and starts it again.</summary>
    public async Task RestartOnAsync(Func<string, Task> change)
    {
        await StopAsync();
        await change(_directory["disk"]);
        _filesystem = await LoopDisk.MountAsync(_directory["disk"], Daemon.Root);
        await Daemon.StartAsync(Token);
    }

    /// <summary>Stops the daemon and unmounts the disk.</summary>
    public async Task StopAsync()
    {
        await Daemon.KillAsync();
        await Filesystem.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Client is not null)
        {
            await Client.DisposeAsync();
        }

        if (Daemon.ProcessId != 0)
        {
            await Daemon.KillAsync();
        }

        if (_filesystem is not null)
        {
            await _filesystem.DisposeAsync();
        }

        await Daemon.DisposeAsync();
        _directory.Dispose();
    }
}
