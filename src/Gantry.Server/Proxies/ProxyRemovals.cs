using Gantry.Core;
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
    private readonly ProxyCalls _calls;
    private readonly Func<Namespace, ISnapshotter> _remote;
    private readonly ProxyNames _names;
    private readonly PassLoop _passes;

    /// <summary>Starts the worker.</summary>
    public ProxyRemovals(
        string snapshotter,
        ProxyCalls calls,
        Func<Namespace, ISnapshotter> remote,
        ProxyNames names,
        ILogger logger)
    {
        _remote = remote;
        _calls = calls;
        _names = names;
        _passes = new PassLoop(RemoveAllAsync, e => ServerLog.ProxyNotCleaned(logger, snapshotter, e.Message));
    }

    /// <summary>Sets a snapshot aside and returns.</summary>
    public void SetAside(long id)
    {
        _names.SetAside(id);
        _passes.Request();
    }

    /// <summary>Tells of all that is set aside now, and returns when that is done.</summary>
    /// <exception cref="GantryException">The proxy refused one for a reason other than that it has children.</exception>
    public Task DrainAsync(CancellationToken cancellationToken) => _passes.InTurnAsync(RemoveAllAsync, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _passes.DisposeAsync();

    private async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        // A parent goes once its children are gone: again as long as that brings something.
        while (await PassAsync(cancellationToken))
        {
        }

        await CleanUpAsync(cancellationToken);
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
