using Gantry.Core.Content;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Storage.Gc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Storage.Metadata;

/// <summary>What a metadata store is made from.</summary>
/// <param name="Root">The daemon's root directory, such as <c>/var/lib/gantry</c>.</param>
public sealed record MetadataStoreOptions(string Root)
{
    /// <summary>What keeps the blobs; null: a directory of the root.</summary>
    public IBlobStore? Blobs { get; init; }

    /// <summary>The snapshotters that there are.</summary>
    public IReadOnlyList<ISnapshotDriver> Drivers { get; init; } = [];

    /// <summary>What makes mounts for clients; null when nothing does.</summary>
    public IMountDriver? Mounts { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the store's logs go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Whether namespaces share blobs.</summary>
    public ContentSharing ContentSharing { get; init; } = ContentSharing.Shared;

    /// <summary>How long an ingest that no lease keeps may rest before it is thrown away.</summary>
    public TimeSpan IngestExpiry { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Whether what an earlier run has left is not to be touched when the store is opened.</summary>
    public bool LeaveRemains { get; init; }

    /// <summary>When the collector runs.</summary>
    public CollectorOptions Collector { get; init; } = new();
}
