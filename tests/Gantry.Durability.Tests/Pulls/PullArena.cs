using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Client;
using Gantry.Core.Content;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Pulls;

/// <summary>A daemon, and a registry that sends slowly and remembers what it was asked for.</summary>
internal sealed partial class PullArena : IAsyncDisposable
{
    private const int Layers = 6;
    private const int SIGINT = 2;
    private const int SIGKILL = 9;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TempDirectory _directory = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _awaited = new();
    private int _asked;

    private PullArena(GantryDaemon daemon)
    {
        Daemon = daemon;
        Registry.Spoil = (request, answer) =>
        {
            int asked = Interlocked.Increment(ref _asked);
            if (_awaited.TryRemove(asked, out TaskCompletionSource? reached))
            {
                reached.TrySetResult();
            }

            return request.Path.Contains("/blobs/", StringComparison.Ordinal)
                ? answer with { DripBytes = 64 * 1024, DripDelay = TimeSpan.FromMilliseconds(1) }
                : answer;
        };
    }

    public GantryDaemon Daemon { get; }

    public FaultyRegistry Registry { get; } = new();

    /// <summary>Requests that a pull of an image makes at least: manifest, config and layers.</summary>
    public static int Requests => Layers + 3;

    /// <summary>Starts the daemon.</summary>
    public static async Task<PullArena> StartAsync() => new(await GantryDaemon.StartNewAsync());

    /// <summary>Makes an image that shares nothing with others.</summary>
    /// <param name="tag">Its tag, from which its bytes come.</param>
    public PulledImage MakeImage(string tag)
    {
        OciLayout layout = new(_directory[tag]);
        Random random = new(tag.Sum(letter => letter));
        List<(Descriptor Layer, Digest DiffId)> layers = [];
        for (int i = 0; i < Layers; i++)
        {
            byte[] noise = new byte[200_000 + (i % 3 * 700_000)];
            random.NextBytes(noise);
            layers.Add(ImageFactory.AddLayer(
                layout, ($"dir/{i}", noise), ("tag", System.Text.Encoding.UTF8.GetBytes($"{tag} {i}"))));
        }

        Descriptor manifest = layout.AddImage(tag, Platform.Current, layers);
        Registry.Add(layout, "team/app", tag, manifest);
        return new PulledImage(
            $"{Registry.Host}/team/app:{tag}",
            [.. layers.Select(layer => layer.Layer.Digest)],
            ChainId.Of([.. layers.Select(layer => layer.DiffId)]));
    }

    /// <summary>A client to look with.</summary>
    public NamespaceClient Open(out GantryClient client)
    {
        client = new GantryClient(new GantryClientOptions { SocketPath = Daemon.Address });
        return client.In(Namespace.Default);
    }

    /// <summary>Pulls an image with the command line, and waits for its end.</summary>
    public Task<BufferedCommandResult> PullAsync(string image) =>
        Pull(image, CancellationToken.None).Task.WaitAsync(Limit);

    /// <summary>Begins a pull and interrupts it at its <paramref name="request"/>-th request and a while after.</summary>
    /// <returns>How the client ended.</returns>
    public async Task<BufferedCommandResult> InterruptAsync(
        string image,
        Interruption how,
        int request,
        TimeSpan after,
        CancellationToken cancellationToken)
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[Volatile.Read(ref _asked) + request] = reached;
        CommandTask<BufferedCommandResult> pull = Pull(image, cancellationToken);
        await Task.WhenAny(reached.Task, pull.Task).WaitAsync(Limit, cancellationToken);
        await Task.Delay(after, cancellationToken);
        if (how == Interruption.DaemonKilled)
        {
            await Daemon.KillAsync();
        }
        else if (!pull.Task.IsCompleted)
        {
            _ = kill(pull.ProcessId, how == Interruption.ClientInterrupted ? SIGINT : SIGKILL);
        }

        BufferedCommandResult result = await pull.Task.WaitAsync(Limit, cancellationToken);
        if (how == Interruption.DaemonKilled)
        {
            await Daemon.StartAsync(cancellationToken);
        }

        return result;
    }

    /// <summary>The blobs that the daemon has whole.</summary>
    public static async Task<HashSet<Digest>> BlobsAsync(NamespaceClient scope, CancellationToken cancellationToken)
    {
        HashSet<Digest> blobs = [];
        await foreach (ContentInfo info in scope.Content.ListAsync([], cancellationToken))
        {
            blobs.Add(info.Digest);
        }

        return blobs;
    }

    /// <summary>Lets the leases of interrupted pulls run out, which they do by themselves after a day.</summary>
    public static async Task EndLeasesAsync(NamespaceClient scope, CancellationToken cancellationToken)
    {
        foreach (Lease lease in await scope.Leases.ListAsync([], cancellationToken))
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            DateTimeOffset end = DateTimeOffset.Parse(
                lease.Labels[WellKnownLabels.GcExpire], CultureInfo.InvariantCulture);
            Assert.InRange(end, now, now.AddHours(24));
            await scope.Leases.DeleteAsync(lease.Id, synchronous: true, cancellationToken);
        }
    }

    /// <summary>What an interrupted pull has left that belongs to no image.</summary>
    public async Task<List<string>> LeftoversAsync(NamespaceClient scope, CancellationToken cancellationToken)
    {
        List<string> left = [.. Daemon.Ingests()];
        await foreach (SnapshotInfo info in scope.Snapshots("overlayfs").ListAsync([], cancellationToken))
        {
            if (info.Kind != SnapshotKind.Committed)
            {
                left.Add($"snapshot {info.Name}");
            }
        }

        left.AddRange((await scope.Leases.ListAsync([], cancellationToken)).Select(lease => "lease " + lease.Id));
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        await Registry.DisposeAsync();
        _directory.Dispose();
    }

    private CommandTask<BufferedCommandResult> Pull(string image, CancellationToken cancellationToken) =>
        Cli.Wrap(Path.Combine(GantryDaemon.BinDirectory, "gantry"))
            .WithArguments(["-a", Daemon.Address, "pull", "--plain-http", image])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
