using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core;
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
        _names = new ProxyNames(Path.Combine(root, "snapshots"));
        _removals = new ProxyRemovals(config.Name, _calls, In, _names, logger);
    }

    /// <summary>Its table of the config.</summary>
    public ProxyPluginConfig Config { get; }

    /// <inheritdoc/>
    public string Name => Config.Name;

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public bool IsLocal => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => Config.Capabilities;

    /// <inheritdoc/>
    public Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        CreateAsync(Namespace.Default, id, kind, parents, labels, cancellationToken);

    /// <inheritdoc/>
    public async Task CreateAsync(
        Namespace owner,
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        // What is made on another is made where that is: an older version has made all in one namespace.
        RemoteSnapshot parent = parents.Count == 0 ? new RemoteSnapshot(owner, "") : _names.Of(parents[0]);
        string random = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));
        RemoteSnapshot made = parent with { Name = $"{Prefix}{id}/{random}" };
        ISnapshotter remote = In(made.Namespace);
        Dictionary<string, string> all = labels.Concat(Kept).ToDictionary(StringComparer.Ordinal);
        bool bound = false;

        // First the name, so that what the proxy makes is never without an owner here.
        _names.Set(id, made);
        try
        {
            await _calls.CallAsync(
                kind == SnapshotKind.View ? "View" : "Prepare",
                token => kind == SnapshotKind.View
                    ? remote.ViewAsync(made.Name, parent.Name, all, token)
                    : remote.PrepareAsync(made.Name, parent.Name, all, token),
                cancellationToken);
            bound = true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists
            && labels.TryGetValue(WellKnownLabels.SnapshotRef, out string? target))
        {
            _names.Set(id, made with { Name = await FindAsync(target, parent, cancellationToken) });
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
    /// <remarks>What a proxy had already is no namespace's own, and keeps the labels that it gave.</remarks>
    public async Task UpdateLabelsAsync(
        long id, IReadOnlyDictionary<string, string> changed, CancellationToken cancellationToken)
    {
        RemoteSnapshot snapshot = _names.Of(id);
        if (!snapshot.Name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return;
        }

        SnapshotInfo info = new(SnapshotKind.Unknown, snapshot.Name, "", default, default, changed);
        FieldMask mask = new([.. changed.Keys.Select(key => $"labels.{key}")]);
        try
        {
            await _calls.CallAsync(
                "Update", token => In(snapshot.Namespace).UpdateAsync(info, mask, token), cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotImplemented)
        {
            // It looks at labels when a snapshot is made, and never again.
            return;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        AskAsync("Mounts", id, (remote, name, token) => remote.MountsAsync(name, token), cancellationToken);

    /// <inheritdoc/>
    public async Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken)
    {
        RemoteSnapshot active = _names.Of(id);
        if (active.Name.StartsWith(Prefix, StringComparison.Ordinal)
            && !active.Name.EndsWith(Suffix, StringComparison.Ordinal))
        {
            string parent = await NewParentAsync(active, parents, cancellationToken);
            await _calls.CallAsync(
                "Commit", token => CommitRemoteAsync(active, parent, token), cancellationToken);
            _names.Set(id, active with { Name = active.Name + Suffix });
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
            return await AskAsync(
                "Usage", id, (remote, name, token) => remote.UsageAsync(name, token), cancellationToken);
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

    private ISnapshotter In(Namespace ns) => _calls.Client.In(ns).Snapshots(Config.RemoteName);

    private Task<T> AskAsync<T>(
        string what,
        long id,
        Func<ISnapshotter, string, CancellationToken, Task<T>> ask,
        CancellationToken cancellationToken)
    {
        RemoteSnapshot snapshot = _names.Of(id);
        return _calls.CallAsync(what, token => ask(In(snapshot.Namespace), snapshot.Name, token), cancellationToken);
    }

    private async Task CommitRemoteAsync(RemoteSnapshot active, string parent, CancellationToken cancellationToken)
    {
        ISnapshotter remote = In(active.Namespace);
        string name = active.Name + Suffix;
        try
        {
            await remote.CommitAsync(name, active.Name, parent, Kept, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.AlreadyExists)
        {
            // An earlier attempt may have got as far as here and no further.
            SnapshotInfo committed = await remote.StatAsync(name, cancellationToken);
            if (committed.Kind is not SnapshotKind.Committed)
            {
                throw;
            }
        }
    }

    /// <summary>The parent to be told at a commit: only of a snapshot that was prepared without one.</summary>
    private async Task<string> NewParentAsync(
        RemoteSnapshot snapshot,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken)
    {
        if (parents.Count == 0 || !Capabilities.Contains(Rebase, StringComparer.Ordinal))
        {
            return "";
        }

        SnapshotInfo active = await _calls.CallAsync(
            "Stat", token => In(snapshot.Namespace).StatAsync(snapshot.Name, token), cancellationToken);
        return active.Parent.Length == 0 ? _names.Of(parents[0]).Name : "";
    }

    /// <summary>What the proxy calls the committed snapshot that it says it has.</summary>
    private async Task<string> FindAsync(string target, RemoteSnapshot parent, CancellationToken cancellationToken)
    {
        string filter = $"labels.\"{WellKnownLabels.SnapshotRef}\"=={Quote(target)},parent=={Quote(parent.Name)}";
        string? found = await _calls.CallAsync(
            "List",
            async token =>
            {
                await foreach (SnapshotInfo info in In(parent.Namespace).ListAsync([filter], token))
                {
                    // Not every proxy looks at filters.
                    if (info.Kind is SnapshotKind.Committed && info.Parent == parent.Name
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
