using System.Collections.Concurrent;
using System.Net.Sockets;
using Gantry.Api.Runtime.Sandbox;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Events;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Tasks;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Sandboxes;

/// <summary>
/// The sandboxes of this daemon that shims hold: controller <c>shim</c>. A sandbox is a bundle on disk and a shim that speaks
/// the sandbox API; it outlives the daemon, and the next one adopts it.
/// </summary>
/// <remarks>
/// What the shim says is passed on, errors letter for letter behind containerd's words. That a sandbox ended is told once:
/// when its shim says so, or else when the shim is dead.
/// </remarks>
public sealed partial class SandboxController : IAsyncDisposable
{
    /// <summary>The name that clients know it by.</summary>
    public const string Name = "shim";

    private static readonly byte[] NoSpec = "{}"u8.ToArray();

    private readonly ConcurrentDictionary<(Namespace Namespace, string Id), ManagedSandbox> _sandboxes = [];
    private readonly TaskManagerOptions _options;
    private readonly EventExchange _events;
    private readonly TimeProvider _time;
    private readonly ILogger<SandboxController> _logger;
    private readonly BundleStore _bundles;
    private readonly ShimLocator _shims;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes the controller; nothing is touched before <see cref="LoadAsync"/>.</summary>
    /// <param name="options">What it needs to know of its daemon.</param>
    /// <param name="events">Where events go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log, that of the shims included.</param>
    public SandboxController(
        TaskManagerOptions options, EventExchange events, TimeProvider time, ILogger<SandboxController> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _events = events;
        _time = time;
        _logger = logger;
        _bundles = new BundleStore(options.Root, options.State, BundleStore.SandboxTree);
        _shims = new ShimLocator(options.Runtimes, options.ProgramDirectory);
    }

    /// <summary>The sandboxes that there are, and those that are just being made.</summary>
    public IReadOnlyCollection<(Namespace Namespace, string Id)> Known => [.. _sandboxes.Keys];

    /// <summary>The shim of a sandbox, for a task that is to join it.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GantryException">NotFound: there is no such sandbox.</exception>
    public async Task<BootstrapResult> ShimOfAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        ManagedSandbox sandbox = await FindAsync(ns, id, cancellationToken)
            ?? throw new GantryException(ErrorKind.NotFound, $"can't find shim for sandbox {id}");
        return sandbox.Bootstrap!;
    }

    /// <summary>Makes a sandbox: a bundle, and a shim that is it.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="creation">What it is made from.</param>
    /// <param name="cancellationToken">Gives up; nothing is left then.</param>
    /// <exception cref="GantryException">
    /// AlreadyExists; InvalidArgument: the id breaks the rule, or the runtime's name is none. NotImplemented: the shim knows no
    /// sandboxes. What the shim said.
    /// </exception>
    public async Task CreateAsync(Namespace ns, SandboxCreation creation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(creation);
        string id = creation.Record.Id;
        ManagedSandbox sandbox = new(_bundles.Locate(ns, id));
        if (!_sandboxes.TryAdd((ns, id), sandbox))
        {
            sandbox.Dispose();
            throw new GantryException(ErrorKind.AlreadyExists, $"sandbox {id} already running");
        }

        await sandbox.Lifecycle.WaitAsync(CancellationToken.None);
        try
        {
            await StartShimAsync(sandbox, creation, cancellationToken);
            await CreateInShimAsync(sandbox, creation, cancellationToken);
            sandbox.Watch = WatchAsync(sandbox, sandbox.Shim);
        }
        catch
        {
            await TakeBackAsync(sandbox);
            throw;
        }
        finally
        {
            sandbox.Lifecycle.Release();
        }
    }

    /// <summary>Opens a sandbox for containers.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GantryException">Unknown, as in containerd: there is none. What the shim said; it is gone then.</exception>
    public async Task<StartSandboxResponse> StartAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        string what = $"failed to start sandbox \"{id}\"";
        ManagedSandbox sandbox = await FindAsync(ns, id, cancellationToken)
            ?? throw GantryException.Verbatim(ErrorKind.Unknown, $"{what}: unable to find sandbox \"{id}\"");
        try
        {
            StartSandboxResponse response = await sandbox.Shim.CallSandboxAsync(
                (c, o) => c.StartSandboxAsync(new StartSandboxRequest { SandboxId = id }, o),
                _options.Deadlines.Change,
                cancellationToken);
            sandbox.NoteStart();
            return response;
        }
        catch (GantryException failure)
        {
            await RemoveAsync(sandbox, CancellationToken.None);
            throw Wrap(failure, $"{what}: failed to start sandbox {id}");
        }
    }

    /// <summary>The platform that containers in a sandbox run on.</summary>
    /// <inheritdoc cref="WaitAsync"/>
    public async Task<Platform?> PlatformAsync(Namespace ns, string id, CancellationToken cancellationToken) =>
        (await CallAsync(
            ns,
            id,
            "failed to get sandbox platform",
            shim => shim.CallSandboxAsync(
                (c, o) => c.PlatformAsync(new PlatformRequest { SandboxId = id }, o), _options.Deadlines.Call, cancellationToken),
            cancellationToken)).Platform;

    /// <summary>Ends the containers of a sandbox, and with them the sandbox. One that is gone is no error.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="timeout">How long its containers have to end by themselves, in seconds.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task StopAsync(Namespace ns, string id, uint timeout, CancellationToken cancellationToken)
    {
        StopSandboxRequest request = new() { SandboxId = id, TimeoutSecs = timeout };
        TimeSpan deadline = TimeSpan.FromSeconds(timeout) + _options.Deadlines.Change;
        try
        {
            await CallAsync(
                ns,
                id,
                "failed to stop sandbox",
                shim => shim.CallSandboxAsync((c, o) => c.StopSandboxAsync(request, o), deadline, cancellationToken),
                cancellationToken);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound or ErrorKind.Unavailable)
        {
            // There is nothing to stop any more.
            _logger.EndNotTold(ns.ToString(), id, failure);
        }
    }

    /// <summary>Waits until a sandbox has ended.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="GantryException">NotFound. What the shim said.</exception>
    public async Task<SandboxEnd> WaitAsync(Namespace ns, string id, CancellationToken cancellationToken) =>
        await (await RequireAsync(ns, id, cancellationToken)).Ended.WaitAsync(cancellationToken);

    /// <summary>The state of a sandbox. One that is not there has ended, as far as can be told.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="verbose">Whether the shim may say more.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(SandboxStatusResponse Status, BootstrapResult? Shim)> StatusAsync(
        Namespace ns, string id, bool verbose, CancellationToken cancellationToken)
    {
        SandboxStatusRequest request = new() { SandboxId = id, Verbose = verbose };
        if (await FindAsync(ns, id, cancellationToken) is not { } sandbox)
        {
            return (new() { SandboxId = id, ExitedAt = Timestamp.FromDateTimeOffset(_time.GetUtcNow()) }, null);
        }

        SandboxStatusResponse status = await CallAsync(
            sandbox,
            $"failed to query sandbox {id} status",
            shim => shim.CallSandboxAsync(
                (c, o) => c.SandboxStatusAsync(request, o), _options.Deadlines.TaskState, cancellationToken));
        return (status, sandbox.Bootstrap);
    }

    /// <summary>What the containers of a sandbox use together.</summary>
    /// <inheritdoc cref="WaitAsync"/>
    public async Task<Metric?> MetricsAsync(Namespace ns, string id, CancellationToken cancellationToken) =>
        (await CallAsync(
            ns,
            id,
            "",
            shim => shim.CallSandboxAsync(
                (c, o) => c.SandboxMetricsAsync(new SandboxMetricsRequest { SandboxId = id }, o),
                _options.Deadlines.ShimStats,
                cancellationToken),
            cancellationToken)).Metrics;

    /// <summary>Ends a sandbox and removes it, with its shim and its bundle.</summary>
    /// <inheritdoc cref="WaitAsync"/>
    public async Task ShutdownAsync(Namespace ns, string id, CancellationToken cancellationToken) =>
        await RemoveAsync(await RequireAsync(ns, id, cancellationToken), cancellationToken);

    /// <summary>Lets go of all shims at once; their sandboxes live on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (ManagedSandbox sandbox in _sandboxes.Values)
        {
            await LetGoAsync(sandbox);
            await sandbox.Watch;
        }

        _sandboxes.Clear();
        _stop.Dispose();
    }

    private static GantryException Wrap(GantryException failure, string what) =>
        GantryException.Verbatim(failure.Kind, $"{what}: {failure.Message}", failure);

    private static async Task LetGoAsync(ManagedSandbox sandbox)
    {
        if (sandbox.Connection is { } shim)
        {
            await shim.DisposeAsync();
        }

        if (sandbox.Log is { } log)
        {
            sandbox.Log = null;
            await log.DisposeAsync();
        }
    }

    private async Task<T> CallAsync<T>(
        Namespace ns, string id, string what, Func<Shim, Task<T>> call, CancellationToken cancellationToken) =>
        await CallAsync(await RequireAsync(ns, id, cancellationToken), what, call);

    private static async Task<T> CallAsync<T>(ManagedSandbox sandbox, string what, Func<Shim, Task<T>> call)
    {
        try
        {
            return await call(sandbox.Shim);
        }
        catch (GantryException failure) when (what.Length > 0)
        {
            throw Wrap(failure, what);
        }
    }

    /// <summary>A sandbox of which it is known whether its shim lives; null when there is none.</summary>
    private async Task<ManagedSandbox?> FindAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        if (!_sandboxes.TryGetValue((ns, id), out ManagedSandbox? sandbox))
        {
            return null;
        }

        await sandbox.Known.WaitAsync(cancellationToken);
        return sandbox.IsGone ? null : sandbox;
    }

    private async Task<ManagedSandbox> RequireAsync(Namespace ns, string id, CancellationToken cancellationToken) =>
        await FindAsync(ns, id, cancellationToken) ?? throw GantryException.Verbatim(ErrorKind.NotFound, "not found");

    private ShimProgram ProgramAt(string path, Bundle bundle) => new(path, bundle, _options, _time);

    private async Task<Shim> ConnectAsync(ManagedSandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await Shim.ConnectAsync(
                sandbox.Bootstrap!, sandbox.Bundle.Namespace, _options.Deadlines.ShimLoad, _time, cancellationToken);
        }
        catch (SocketException failure)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"connect to {sandbox.Bootstrap!.Address}: {failure.Message}", failure);
        }
    }
}
