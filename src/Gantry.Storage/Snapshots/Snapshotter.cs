using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Snapshots;

/// <summary>
/// The snapshots of one namespace in one snapshotter: records in the database over directories of a driver.
/// Directories are made before their record and removed after it, so what a crash leaves behind are directories that no
/// record knows; the next start removes them. What a loss of power takes of an active snapshot's directories, that start
/// makes anew (<see cref="LostDirectories"/>). The driver is never called while the database's writer waits.
/// </summary>
internal sealed class Snapshotter(ScopeContext scope, ISnapshotDriver driver) : ISnapshotter
{
    private const int PageSize = 500;
    private const string Rebase = "rebase";

    /// <inheritdoc/>
    public Task<SnapshotInfo> StatAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Shown(scope.Database.Read(connection => Require(connection, key))));
    }

    /// <inheritdoc/>
    public async Task<SnapshotInfo> UpdateAsync(
        SnapshotInfo info,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        Names.Check(info.Name, "snapshot name");

        // Step 1: the driver, of what it may look at.
        SnapshotRow before = scope.Database.Read(connection => Require(connection, info.Name));
        Dictionary<string, string> changed = Changed(
            Inherited(before.Info.Labels), Inherited(UpdatedLabels(before, info, mask)));
        if (changed.Count > 0)
        {
            await driver.UpdateLabelsAsync(before.Id, changed, cancellationToken);
        }

        // Step 2: the record.
        DateTimeOffset now = scope.Time.GetUtcNow();
        return Shown(await scope.Database.WriteAsync(
            writer =>
            {
                SnapshotRow old = Require(writer.Connection, info.Name);
                SnapshotRow updated = old with
                {
                    Info = old.Info with { Labels = UpdatedLabels(old, info, mask), UpdatedAt = now },
                };
                SnapshotTable.Update(writer, scope.Namespace, driver.Name, updated);
                return updated;
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<SnapshotInfo> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken) =>
        ListPagesAsync(Filter.Parse(filters), cancellationToken);

    /// <inheritdoc/>
    public async Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken)
    {
        (SnapshotRow row, List<long> parents) = Find(key);
        return row.Info.Kind == SnapshotKind.Active
            ? await driver.UsageAsync(row.Id, parents, cancellationToken)
            : row.Usage;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (SnapshotRow row, List<long> parents) = Find(key);
        return row.Info.Kind == SnapshotKind.Committed
            ? throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"failed to get active mount: requested snapshot {key} not active or view")
            : await driver.MountsAsync(row.Id, row.Info.Kind, parents, Inherited(row.Info.Labels), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> PrepareAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        CreateAsync(SnapshotKind.Active, key, parent, labels, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> ViewAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        CreateAsync(SnapshotKind.View, key, parent, labels, cancellationToken);

    /// <inheritdoc/>
    public async Task CommitAsync(
        string name,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        Names.Check(name, "snapshot name");
        IReadOnlyDictionary<string, string> checkedLabels = Labels.Check(labels, "info.Labels");

        // Step 1: see whether it can be done at all.
        await ThrowIfTakenAsync(name, "snapshot", cancellationToken);
        (SnapshotRow row, long? parentId, List<long> chain) = scope.Database.ReadSnapshot(connection =>
        {
            SnapshotRow active = RequireActive(connection, key);
            long? below = ParentAfterCommit(connection, active, parent);
            LeaseTable.RequireForRequest(connection, scope.Namespace, scope.Lease);
            return (active, below, SnapshotTable.Chain(connection, driver.Name, below));
        });

        // Step 2: the driver.
        SnapshotUsage usage = await driver.CommitAsync(row.Id, chain, cancellationToken);

        // Step 3: the record.
        DateTimeOffset now = scope.Time.GetUtcNow();
        bool taken = await WriteAsync(
            writer =>
            {
                LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Snapshot, NodeKey(name));
                if (SnapshotTable.Find(writer.Connection, scope.Namespace, driver.Name, name) is not null)
                {
                    return true;
                }

                SnapshotRow active = RequireActive(writer.Connection, key);
                if (active.Id != row.Id || ParentAfterCommit(writer.Connection, active, parent) != parentId)
                {
                    throw new GantryException(ErrorKind.Conflict, $"snapshot {key} has changed");
                }

                string parentName = active.ParentId is null && parentId is not null ? parent : active.Info.Parent;
                SnapshotInfo info = new(SnapshotKind.Committed, name, parentName, now, now, checkedLabels);
                SnapshotTable.Commit(
                    writer,
                    scope.Namespace,
                    driver.Name,
                    key,
                    new SnapshotRow(row.Id, parentId, usage, info));
                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Snapshot, NodeKey(key));
                return false;
            },
            isDurable: row.Info.Labels.GetValueOrDefault(WellKnownLabels.Detached) != WellKnownLabels.DetachedInner,
            cancellationToken);
        if (taken)
        {
            throw Exists("snapshot", name);
        }
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        long id = await scope.Database.WriteAsync(
            writer =>
            {
                SnapshotRow row = Require(writer.Connection, key);
                if (SnapshotTable.HasChildren(writer.Connection, driver.Name, row.Id))
                {
                    throw new GantryException(
                        ErrorKind.FailedPrecondition,
                        "cannot remove snapshot with child");
                }

                SnapshotTable.Delete(writer, scope.Namespace, driver.Name, key, row.Id);
                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Snapshot, NodeKey(key));
                return row.Id;
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
        await SetAsideAsync(id);
    }

    /// <inheritdoc/>
    public Task CleanupAsync(CancellationToken cancellationToken) => driver.CleanupAsync(known: null, cancellationToken);

    /// <summary>A snapshot with the labels that the driver itself adds.</summary>
    internal static SnapshotInfo Shown(ISnapshotDriver driver, SnapshotRow row)
    {
        IReadOnlyDictionary<string, string> own = driver.OwnLabels(row.Id);
        return own.Count == 0
            ? row.Info
            : row.Info with { Labels = own.Concat(row.Info.Labels).DistinctBy(label => label.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal) };
    }

    /// <summary>The error of a snapshotter that the daemon does not have.</summary>
    internal static GantryException NotLoaded(string name) =>
        new(ErrorKind.InvalidArgument, $"snapshotter not loaded: {name}");

    private SnapshotInfo Shown(SnapshotRow row) => Shown(driver, row);

    private static GantryException Exists(string what, string name) =>
        new(ErrorKind.AlreadyExists, $"{what} \"{name}\"");

    /// <summary>The labels that a driver gets to see.</summary>
    internal static Dictionary<string, string> Inherited(IReadOnlyDictionary<string, string> labels) =>
        labels.Where(label => label.Key == WellKnownLabels.SnapshotRef
                || label.Key.StartsWith(WellKnownLabels.SnapshotPrefix, StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);

    private static IReadOnlyDictionary<string, string> UpdatedLabels(SnapshotRow old, SnapshotInfo info, FieldMask mask)
    {
        IReadOnlyDictionary<string, string> labels = mask.IsEmpty ? info.Labels : old.Info.Labels;
        foreach (string path in mask.Paths)
        {
            labels = Labels.Apply("labels", path, labels, info.Labels)
                ?? throw new GantryException(
                    ErrorKind.InvalidArgument,
                    $"cannot update \"{path}\" field on snapshot \"{info.Name}\"");
        }

        return Labels.Check(labels, "info.Labels");
    }

    /// <summary>What leads from some labels to others: new values, and empty ones for those that go.</summary>
    private static Dictionary<string, string> Changed(Dictionary<string, string> from, Dictionary<string, string> to) =>
        to.Where(label => from.GetValueOrDefault(label.Key) != label.Value)
            .Concat(from.Where(label => !to.ContainsKey(label.Key)).Select(label => KeyValuePair.Create(label.Key, "")))
            .ToDictionary(StringComparer.Ordinal);

    private async Task<IReadOnlyList<Mount>> CreateAsync(
        SnapshotKind kind,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        Names.Check(key, "snapshot key");
        IReadOnlyDictionary<string, string> checkedLabels = Labels.Check(labels, "info.Labels");

        // Step 1: see whether it can be done at all.
        if (checkedLabels.TryGetValue(WellKnownLabels.SnapshotRef, out string? target))
        {
            await ThrowIfTakenAsync(target, "target snapshot", cancellationToken);
        }

        await ThrowIfTakenAsync(key, "snapshot", cancellationToken);
        List<long> chain = scope.Database.ReadSnapshot(connection =>
        {
            LeaseTable.RequireForRequest(connection, scope.Namespace, scope.Lease);
            return SnapshotTable.Chain(connection, driver.Name, RequireParent(connection, parent)?.Id);
        });

        // Step 2: the directories.
        long id = scope.Database.Counters.NextSnapshotId();
        Dictionary<string, string> inherited = Inherited(checkedLabels);
        try
        {
            await driver.CreateAsync(
                Core.Namespaces.Namespace.Parse(scope.Namespace), id, kind, chain, inherited, cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists && target is not null)
        {
            await RecordRemoteAsync(id, target, parent, chain, checkedLabels, cancellationToken);
            throw Exists("target snapshot", target);
        }

        // Step 3: the record; without it the directories are nobody's.
        SnapshotInfo info = NewInfo(kind, key, parent, checkedLabels);
        if (!await InsertOrSetAsideAsync(new SnapshotRow(id, null, default, info), cancellationToken))
        {
            throw Exists("snapshot", key);
        }

        return await driver.MountsAsync(id, kind, chain, inherited, cancellationToken);
    }

    /// <summary>Records what a remote snapshotter had already; what another caller has recorded first is as good.</summary>
    private async Task RecordRemoteAsync(
        long id,
        string target,
        string parent,
        IReadOnlyList<long> chain,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        SnapshotUsage usage;
        try
        {
            usage = await driver.CommitAsync(id, chain, cancellationToken);
        }
        catch
        {
            await SetAsideAsync(id);
            throw;
        }

        SnapshotInfo info = NewInfo(SnapshotKind.Committed, target, parent, labels);
        await InsertOrSetAsideAsync(new SnapshotRow(id, null, usage, info), cancellationToken);
    }

    private SnapshotInfo NewInfo(
        SnapshotKind kind,
        string name,
        string parent,
        IReadOnlyDictionary<string, string> labels)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        return new SnapshotInfo(kind, name, parent, now, now, labels);
    }

    // What is worth nothing without a later change is made durable by that.
    private Task<bool> WriteAsync(Func<Writer, bool> change, bool isDurable, CancellationToken cancellationToken) =>
        isDurable
            ? scope.Database.WriteAsync(change, cancellationToken)
            : scope.Database.WriteUnsyncedAsync(change, cancellationToken);

    /// <summary>Makes the record of a new snapshot, or sets its directories aside.</summary>
    /// <returns>False when the name has been taken meanwhile.</returns>
    private async Task<bool> InsertOrSetAsideAsync(SnapshotRow row, CancellationToken cancellationToken)
    {
        bool made = false;
        try
        {
            made = await WriteAsync(
                writer => Insert(writer, row),
                isDurable: !row.Info.Labels.ContainsKey(WellKnownLabels.Detached),
                cancellationToken);
        }
        finally
        {
            if (!made)
            {
                await SetAsideAsync(row.Id);
            }
        }

        return made;
    }

    /// <summary>Makes the record of a new snapshot, whose parent's id is looked up.</summary>
    /// <returns>False when the name has been taken meanwhile; nothing but the lease is changed then.</returns>
    private bool Insert(Writer writer, SnapshotRow row)
    {
        NamespaceTable.Ensure(writer, scope.Namespace);
        LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Snapshot, NodeKey(row.Info.Name));
        if (SnapshotTable.Find(writer.Connection, scope.Namespace, driver.Name, row.Info.Name) is not null)
        {
            return false;
        }

        long? parentId = RequireParent(writer.Connection, row.Info.Parent)?.Id;
        SnapshotTable.Insert(writer, scope.Namespace, driver.Name, row with { ParentId = parentId });
        return true;
    }

    private string NodeKey(string key) => Reference.SnapshotKey(driver.Name, key);

    private (SnapshotRow Row, List<long> Parents) Find(string key) => scope.Database.ReadSnapshot(connection =>
    {
        SnapshotRow found = Require(connection, key);
        return (found, SnapshotTable.Chain(connection, driver.Name, found.ParentId));
    });

    private SnapshotRow Require(Connection connection, string key) =>
        SnapshotTable.Find(connection, scope.Namespace, driver.Name, key)
            ?? throw new GantryException(ErrorKind.NotFound, $"snapshot {key} does not exist");

    private SnapshotRow RequireActive(Connection connection, string key)
    {
        SnapshotRow row = Require(connection, key);
        return row.Info.Kind == SnapshotKind.Active
            ? row
            : throw new GantryException(ErrorKind.FailedPrecondition, $"failed to commit snapshot: snapshot \"{key}\" is not active");
    }

    private SnapshotRow? RequireParent(Connection connection, string parent)
    {
        if (parent.Length == 0)
        {
            return null;
        }

        SnapshotRow row = SnapshotTable.Find(connection, scope.Namespace, driver.Name, parent)
            ?? throw new GantryException(ErrorKind.NotFound, $"parent snapshot {parent} does not exist");
        return row.Info.Kind == SnapshotKind.Committed
            ? row
            : throw new GantryException(
                ErrorKind.InvalidArgument,
                $"failed to create snapshot: parent \"{parent}\" is not committed snapshot");
    }

    /// <summary>The parent that a snapshot has once committed: its own, or if it has none the one given.</summary>
    private long? ParentAfterCommit(Connection connection, SnapshotRow active, string parent)
    {
        if (parent.Length == 0 || active.ParentId is not null)
        {
            return parent.Length == 0 || parent == active.Info.Parent
                ? active.ParentId
                : throw CannotRebase(active);
        }

        return driver.Capabilities.Contains(Rebase, StringComparer.Ordinal)
            ? RequireParent(connection, parent)!.Id
            : throw CannotRebase(active);
    }

    private static GantryException CannotRebase(SnapshotRow active) => new(
        ErrorKind.InvalidArgument,
        $"cannot change parent of active snapshot \"{active.Info.Name}\" on commit");

    /// <summary>When a name is taken, adds it to the lease and says so.</summary>
    private async Task ThrowIfTakenAsync(string name, string what, CancellationToken cancellationToken)
    {
        if (scope.Database.Read(
            connection => SnapshotTable.Find(connection, scope.Namespace, driver.Name, name)) is null)
        {
            return;
        }

        if (scope.Lease is not null)
        {
            await scope.Database.WriteAsync(
                writer => LeaseTable.Attach(
                    writer,
                    scope.Namespace,
                    scope.Lease,
                    NodeKind.Snapshot,
                    NodeKey(name)),
                cancellationToken);
        }

        throw Exists(what, name);
    }

    [SuppressMessage("Design", "CA1031", Justification = "the record is gone; the next clean-up removes the rest")]
    private async Task SetAsideAsync(long id)
    {
        try
        {
            await driver.RemoveAsync(id, CancellationToken.None);
        }
        catch (Exception e)
        {
            StorageLog.SnapshotNotRemoved(scope.Logger, driver.Name, id, e);
        }
    }

    private async IAsyncEnumerable<SnapshotInfo> ListPagesAsync(
        Filter filter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string last = "";
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string after = last;
            List<SnapshotRow> page = scope.Database.Read(connection =>
                SnapshotTable.ListPage(connection, scope.Namespace, driver.Name, after, PageSize));
            foreach (SnapshotRow row in page)
            {
                SnapshotInfo info = Shown(row);
                if (filter.Matches(new SnapshotFields(info)))
                {
                    yield return info;
                }
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = page[^1].Info.Name;
            await Task.Yield();
        }
    }
}
