using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Proxies;

/// <summary>
/// Tells a proxy in the background what is to be removed, so that nobody waits for it. What it does not take, because
/// it is not there or a child is still to go, is told again the next time.
/// </summary>
internal sealed class ProxyRemovals : IAsyncDisposable
{
    private readonly string _snapshotter;
    private readonly ProxyCalls _calls;
    private readonly Func<Namespace, ISnapshotter> _remote;
    private readonly ProxyNames _names;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _loop;

    /// <summary>Starts the worker.</summary>
    public ProxyRemovals(
        string snapshotter,
        ProxyCalls calls,
        Func<Namespace, ISnapshotter> remote,
        ProxyNames names,
        ILogger logger)
    {
        _remote = remote;
        _snapshotter = snapshotter;
        _calls = calls;
        _names = names;
        _logger = logger;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Sets a snapshot aside and returns.</summary>
    public void SetAside(long id)
    {
        _names.SetAside(id);
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Tells of all that is set aside now, and returns when that is done.</summary>
    /// <exception cref="GantryException">The proxy refused one for a reason other than that it has children.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // A parent goes once its children are gone: again as long as that brings something.
            while (await PassAsync(cancellationToken))
            {
            }

            await CleanUpAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _turn.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "a pass that fails is logged; the next signal begins another")]
    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _signal.Reader.ReadAsync(_stop.Token);
                await DrainAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                ServerLog.ProxyNotCleaned(_logger, _snapshotter, e.Message);
            }
        }
    }

    /// <summary>Tells of each once.</summary>
    /// <returns>Whether some are gone and others, refused for their children, are left.</returns>
    private async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        bool some = false;
        bool left = false;

        // In this order: one that is set aside between the two must not look as if another used it.
        List<(long Id, RemoteSnapshot Snapshot)> aside = [.. _names.Aside()];
        HashSet<string> used = [.. _names.All().Select(link => link.Snapshot.Name)];

        // Namespaces share what a remote snapshotter had already: it goes with the last of them.
        foreach ((long id, RemoteSnapshot snapshot) in aside.Where(link => !used.Contains(link.Snapshot.Name)))
        {
            bool gone = await RemoveAsync(snapshot, cancellationToken);
            some |= gone;
            left |= !gone;
            if (gone)
            {
                _names.Forget(id);
            }
        }

        return some && left;
    }

    /// <summary>Some remove what was removed only when they are told to clean up.</summary>
    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _calls.CallAsync("Cleanup", token => _remote(Namespace.Default).CleanupAsync(token), cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotImplemented)
        {
            // It leaves nothing behind.
            return;
        }
    }

    /// <summary>Removes one; false when it has children.</summary>
    private async Task<bool> RemoveAsync(RemoteSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.CallAsync(
                "Remove",
                token => _remote(snapshot.Namespace).RemoveAsync(snapshot.Name, token),
                cancellationToken);
            return true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.FailedPrecondition)
        {
            return false;
        }
    }
}
