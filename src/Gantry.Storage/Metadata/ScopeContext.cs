using Gantry.Core.Snapshots;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Mounts;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Metadata;

/// <summary>What the stores of one request work with.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Lease">Its lease, or null.</param>
/// <param name="Database">The database.</param>
/// <param name="Blobs">The blobs.</param>
/// <param name="Collector">The collector.</param>
/// <param name="Time">The clock.</param>
/// <param name="ContentSharing">Whether namespaces share blobs.</param>
/// <param name="IngestExpiry">How long an ingest that no lease keeps may rest.</param>
/// <param name="Drivers">The snapshotters, by name.</param>
/// <param name="Activator">What makes mounts.</param>
/// <param name="Logger">Where logs go.</param>
internal sealed record ScopeContext(
    string Namespace,
    string? Lease,
    Database Database,
    BlobAccess Blobs,
    GarbageCollector Collector,
    TimeProvider Time,
    ContentSharing ContentSharing,
    TimeSpan IngestExpiry,
    IReadOnlyDictionary<string, ISnapshotDriver> Drivers,
    MountActivator Activator,
    ILogger Logger);
