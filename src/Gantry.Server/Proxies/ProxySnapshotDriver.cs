using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Server.Config;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Proxies;

/// <summary>
/// A snapshotter that another program provides on a socket of its own, by the same protocol that clients speak. It keeps
/// snapshots under names; here they have ids. An active one is there called <c>gantry/ID/RANDOM</c>, and once committed
/// <c>gantry/ID/RANDOM/committed</c>; one that it had already, as a remote snapshotter may, has the name that it gave.
/// </summary>
internal sealed class ProxySnapshotDriver : ISnapshotDriver, IAsyncDisposable
{
    private const string Prefix = "gantry/";
    private const string Suffix = "/committed";
    private const string Rebase = "rebase";
    private const int RandomBytes = 6;

    private static readonly ImmutableDictionary<string, string> Kept =
        ImmutableDictionary<string, string>.Empty.Add(WellKnownLabels.GcRoot, "gantry");

    private readonly ProxyCalls _calls;
    private readonly ISnapshotter _remote;
    private readonly ProxyNames _names;
    private readonly ProxyRemovals _removals;

    /// <summary>Opens the driver; the proxy need not be there.</summary>
    /// <param name="config">Its table of the config.</param>
    /// <param name="root">A directory for what is kept of it here.</param>
    /// <param name="limit">How long a call may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where its logs go.</param>
    public ProxySnapshotDriver(
        ProxyPluginConfig config,
        string root,
        TimeSpan limit,
        TimeProvider time,
        ILogger<ProxySnapshotDriver> logger)
    {
        Config = config;
        Root = root;
        _calls = new ProxyCalls(config, limit, time);
        _remote = _calls.Client.In(Namespace.Default).Snapshots(config.RemoteName);
        _names = new ProxyNames(Path.Combine(root, "snapshots"));
        _removals = new ProxyRemovals(config.Name, _calls, _remote, _names, logger);
    }

    /// <summary>Its table of the config.</summary>
    public ProxyPluginConfig Config { get; }

    /// <inheritdoc/>
    public string Name => Config.Name;

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => Config.Capabilities;

    /// <inheritdoc/>
    public async Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        string parent = parents.Count == 0 ? "" : _names.Of(parents[0]);
        string key = $"{Prefix}{id}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}";
        Dictionary<string, string> all = labels.Concat(Kept).ToDictionary(StringComparer.Ordinal);
        bool bound = false;

        // First the name, so that what the proxy makes is never without an owner here.
        _names.Set(id, key);
        try
        {
            await _calls.CallAsync(
                kind == SnapshotKind.View ? "View" : "Prepare",
                token => kind == SnapshotKind.View
                    ? _remote.ViewAsync(key, parent, all, token)
                    : _remote.PrepareAsync(key, parent, all, token),
                cancellationToken);
            bound = true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists
            && labels.TryGetValue(WellKnownLabels.SnapshotRef, out string? target))
        {
            _names.Set(id, await FindAsync(target, parent, cancellationToken));
            bound = true;
            throw;
        }
        finally
        {
            if (!bound)
            {
                _removals.SetAside(id);
            }
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        _calls.CallAsync(
            "Mounts", token => _remote.MountsAsync(_names.Of(id), token), cancellationToken);

    /// <inheritdoc/>
    public async Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken)
    {
        string key = _names.Of(id);
        if (key.StartsWith(Prefix, StringComparison.Ordinal) && !key.EndsWith(Suffix, StringComparison.Ordinal))
        {
            string parent = await NewParentAsync(key, parents, cancellationToken);
            await _calls.CallAsync(
                "Commit", token => CommitRemoteAsync(key, parent, token), cancellationToken);
            _names.Set(id, key + Suffix);
        }

        return await UsageAsync(id, parents, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SnapshotUsage> UsageAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.CallAsync(
                "Usage", token => _remote.UsageAsync(_names.Of(id), token), cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotImplemented)
        {
            // It keeps no account.
            return default;
        }
    }

    /// <inheritdoc/>
    public Task RemoveAsync(long id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _removals.SetAside(id);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken)
    {
        if (known is not null)
        {
            foreach ((long id, _) in _names.All())
            {
                if (!known.Contains(id))
                {
                    _removals.SetAside(id);
                }
            }
        }

        await _removals.DrainAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlySet<long>? ListIds() => _names.All().Select(name => name.Id).ToHashSet();

    /// <inheritdoc/>
    public long GreatestId() =>
        _names.All().Concat(_names.Aside()).Select(name => name.Id).DefaultIfEmpty().Max();

    /// <summary>Ends the background work; what was not removed yet is removed by the next run.</summary>
    public async ValueTask DisposeAsync()
    {
        await _removals.DisposeAsync();
        await _calls.DisposeAsync();
    }

    private async Task CommitRemoteAsync(string key, string parent, CancellationToken cancellationToken)
    {
        try
        {
            await _remote.CommitAsync(key + Suffix, key, parent, Kept, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.AlreadyExists)
        {
            // An earlier attempt may have got as far as here and no further.
            SnapshotInfo committed = await _remote.StatAsync(key + Suffix, cancellationToken);
            if (committed.Kind is not SnapshotKind.Committed)
            {
                throw;
            }
        }
    }

    /// <summary>The parent to be told at a commit: only of a snapshot that was prepared without one.</summary>
    private async Task<string> NewParentAsync(
        string key,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken)
    {
        if (parents.Count == 0 || !Capabilities.Contains(Rebase, StringComparer.Ordinal))
        {
            return "";
        }

        SnapshotInfo active = await _calls.CallAsync(
            "Stat", token => _remote.StatAsync(key, token), cancellationToken);
        return active.Parent.Length == 0 ? _names.Of(parents[0]) : "";
    }

    /// <summary>What the proxy calls the committed snapshot that it says it has.</summary>
    private async Task<string> FindAsync(string target, string parent, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{WellKnownLabels.SnapshotRef}\"=={Quote(target)},parent=={Quote(parent)}";
        string? found = await _calls.CallAsync(
            "List",
            async token =>
            {
                await foreach (SnapshotInfo info in _remote.ListAsync([filter], token))
                {
                    // Not every proxy looks at filters.
                    if (info.Kind is SnapshotKind.Committed && info.Parent == parent
                        && info.Labels.GetValueOrDefault(WellKnownLabels.SnapshotRef) == target)
                    {
                        return info.Name;
                    }
                }

                return null;
            },
            cancellationToken);
        return found ?? throw new GantryException(
            ErrorKind.NotFound, $"proxy snapshotter {Name}: target snapshot \"{target}\", which it said it has");
    }

    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
