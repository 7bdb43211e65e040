using System.Diagnostics.CodeAnalysis;
using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Storage.Adopt;
using Gantry.Storage.Content;
using Gantry.Storage.Doctor;
using Gantry.Storage.Gc;
using Gantry.Storage.Mounts;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Space;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Metadata;

/// <summary>Everything durable: the metadata database, the content store and the records of the snapshotters.</summary>
public sealed class MetadataStore : IMetadata, IAsyncDisposable
{
    internal const string DatabaseDirectoryName = "io.containerd.metadata.v1.bolt";
    internal const string DatabaseFileName = "gantry.db";

    private readonly MetadataStoreOptions _options;
    private readonly Database _database;
    private readonly BlobAccess _blobs;
    private readonly IReadOnlyDictionary<string, ISnapshotDriver> _drivers;
    private readonly Dictionary<string, KnownIds> _known;
    private readonly MountActivator _activator;
    private readonly long _greatestOldId;
    private readonly ILogger _logger;

    private MetadataStore(
        MetadataStoreOptions options,
        Database database,
        BlobAccess blobs,
        IReadOnlyDictionary<string, ISnapshotDriver> drivers)
    {
        _options = options;
        _database = database;
        _blobs = blobs;
        _drivers = drivers;
        _logger = options.LoggerFactory.CreateLogger<MetadataStore>();
        _activator = new MountActivator(options.Mounts, database, _logger);
        Collector = new GarbageCollector(
            database,
            blobs,
            drivers,
            _activator,
            options.Collector,
            options.Time,
            options.LoggerFactory.CreateLogger<GarbageCollector>());
        database.Writes.Committed += Collector.NoteMutations;
        Namespaces = new NamespaceStore(database, blobs);
        Scan = new RecordScan(database, drivers);

        foreach (ISnapshotDriver driver in drivers.Values)
        {
            database.Counters.RaiseSnapshotId(driver.GreatestId());
        }

        _greatestOldId = database.Counters.SnapshotId;
        _known = drivers.ToDictionary(
            pair => pair.Key,
            pair => new KnownIds(
                database.Read(connection => SnapshotTable.ListIds(connection, pair.Key)),
                _greatestOldId),
            StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public INamespaceStore Namespaces { get; }

    /// <summary>Long lists.</summary>
    public IRecordScan Scan { get; }

    /// <summary>The collector of what nothing refers to.</summary>
    public GarbageCollector Collector { get; }

    /// <summary>The directory of the content store, shown to clients as export <c>root</c>; empty when a proxy has it.</summary>
    public string ContentRoot => _blobs.Directory?.Root ?? "";

    /// <summary>The path of the database, shown to clients as export <c>path</c>.</summary>
    public string DatabasePath => _database.Path;

    /// <summary>The take-over of containerd's metadata that this store came from; null when there was none.</summary>
    public AdoptionRecord? Adopted => _database.Read(AdoptionTable.Find);

    /// <summary>
    /// Opens the store, making it if need be. Ingests that have no record are removed; other remains of an earlier run
    /// are left to <see cref="RunAsync"/>.
    /// </summary>
    public static async Task<MetadataStore> OpenAsync(
        MetadataStoreOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return await Task.Run(() => OpenAsync(options), cancellationToken);
    }

    /// <summary>
    /// Makes a new database from what can be read of the old one, and from the blobs on disk. The old one, and the
    /// directories of snapshots whose records are lost, are kept under other names. No daemon runs on the root.
    /// </summary>
    /// <param name="root">The daemon's root directory.</param>
    /// <param name="ns">The namespace that gets the content.</param>
    /// <param name="report">Gets what was done.</param>
    /// <param name="cancellationToken">Ends it; it can be begun again.</param>
    public static async Task RebuildAsync(
        string root,
        Namespace ns,
        Func<Finding, Task> report,
        CancellationToken cancellationToken)
    {
        StoreRebuild rebuild = new(root, ns.ToString(), TimeProvider.System, report);
        string damaged = await rebuild.SetAsideAsync(Path.Combine(root, DatabaseDirectoryName, DatabaseFileName));
        await using MetadataStore store = await OpenAsync(
            new MetadataStoreOptions(root) { LeaveRemains = true },
            cancellationToken);
        await rebuild.FillAsync(store._database, damaged, store._blobs.Directory!, cancellationToken);
        DoctorContext doctor = store.Doctor(new CheckOptions { Repair = true, Quick = true }, report);
        await new ReferenceCheck(doctor).RunAsync(cancellationToken);
        await new BlobCheck(doctor).RunAsync(cancellationToken);
    }

    /// <summary>
    /// Runs the background work until the token ends it: collections, the expiry of leases and ingests, and once at the
    /// start the removal of directories and blobs that have no record.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(
                [
                    Collector.RunAsync(cancellationToken),
                    CleanUpIngestsAsync(cancellationToken),
                    .. _drivers.Values.Select(d => CleanUpAsync(d, cancellationToken)),
                ]);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to end: what was not done is done by the next run.
            return;
        }
    }

    /// <inheritdoc/>
    public INamespaceScope In(Namespace ns, string? leaseId = null) => new NamespaceScope(
        ns,
        new ScopeContext(
            ns.ToString(),
            string.IsNullOrEmpty(leaseId) ? null : leaseId,
            _database,
            _blobs,
            Collector,
            _options.Time,
            _options.ContentSharing,
            _options.IngestExpiry,
            _drivers,
            _activator,
            _logger));

    /// <summary>The finding that the database of a root is damaged, and the store can't be opened.</summary>
    /// <param name="root">The daemon's root directory.</param>
    /// <param name="problem">What is the matter.</param>
    public static Finding Damaged(string root, string problem) =>
        StoreDoctor.Damaged(Path.Combine(root, DatabaseDirectoryName, DatabaseFileName), problem);

    /// <inheritdoc cref="IMaintenance.CheckAsync"/>
    public Task CheckAsync(CheckOptions options, Func<Finding, Task> report, CancellationToken cancellationToken) =>
        StoreDoctor.RunAsync(Doctor(options, report), cancellationToken);

    /// <inheritdoc cref="IMaintenance.UsageAsync"/>
    public Task<SpaceReport> UsageAsync(CancellationToken cancellationToken) =>
        new SpaceMeter(_options.Root, _database, _blobs, _drivers, _options.Time).MeasureAsync(cancellationToken);

    /// <summary>How much there is of everything, by the records alone.</summary>
    public StoreTotals ReadTotals() => _database.ReadSnapshot(TotalsReader.Read);

    /// <inheritdoc cref="IMaintenance.BackupAsync"/>
    public Task<long> BackupAsync(string path, CancellationToken cancellationToken) =>
        Task.Run(() => DatabaseBackup.Write(_database.Path, path), cancellationToken);

    /// <summary>Closes the database, after the changes asked for so far. The owner has ended <see cref="RunAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await Collector.DisposeAsync();
        await _database.DisposeAsync();
    }

    private DoctorContext Doctor(CheckOptions options, Func<Finding, Task> report) => new(
        _options.Root,
        _database,
        _blobs,
        _drivers,
        _activator,
        Collector,
        _options.Time,
        _greatestOldId,
        options,
        report);

    private static async Task<MetadataStore> OpenAsync(MetadataStoreOptions options)
    {
        string databaseDirectory = Path.Combine(options.Root, DatabaseDirectoryName);
        Directory.CreateDirectory(databaseDirectory);
        FileSync.FsyncDirectory(options.Root);
        BlobAccess blobs = new(
            options.Blobs ?? new ContentDirectory(Path.Combine(options.Root, ContentDirectory.Name)),
            options.LoggerFactory.CreateLogger<BlobAccess>());
        Database database = OpenDatabase(options.Root, Path.Combine(databaseDirectory, DatabaseFileName));
        try
        {
            FileSync.FsyncDirectory(databaseDirectory);
            if (!options.LeaveRemains && blobs.Directory is not null)
            {
                await RemoveIngestsAsync(blobs, database, CancellationToken.None);
            }

            MetadataStore store = new(
                options,
                database,
                blobs,
                options.Drivers.ToDictionary(driver => driver.Name, StringComparer.Ordinal));
            if (!options.LeaveRemains)
            {
                foreach (ISnapshotDriver driver in store._drivers.Values)
                {
                    await LostDirectories.MakeAsync(database, driver, store._logger);
                }

                await store._activator.RecoverAsync(CancellationToken.None);
            }

            return store;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static Database OpenDatabase(string root, string path)
    {
        try
        {
            return Database.Open(path);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.DataLoss)
        {
            throw new GantryException(
                e.Kind,
                $"{e.Message}; restore a backup, or see what «gantryd doctor {root}» and «gantryd rebuild {root}» can do",
                e);
        }
    }

    private static ValueTask RemoveIngestsAsync(
        BlobAccess blobs,
        Database database,
        CancellationToken cancellationToken) =>
        blobs.Store.RemoveIngestsExceptAsync(() => database.Read(IngestTable.ListBackends), cancellationToken);

    /// <summary>Removes ingests without a record that a proxy has; those on disk went when the store was opened.</summary>
    private async Task CleanUpIngestsAsync(CancellationToken cancellationToken)
    {
        if (_blobs.Directory is not null)
        {
            return;
        }

        try
        {
            await RemoveIngestsAsync(_blobs, _database, cancellationToken);
        }
        catch (GantryException e)
        {
            StorageLog.RemainsNotListed(_logger, e);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "one snapshotter's trouble is logged and not the others'")]
    private async Task CleanUpAsync(ISnapshotDriver driver, CancellationToken cancellationToken)
    {
        try
        {
            await driver.CleanupAsync(_known[driver.Name], cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            StorageLog.CleanupFailed(_logger, driver.Name, e);
        }
    }
}
