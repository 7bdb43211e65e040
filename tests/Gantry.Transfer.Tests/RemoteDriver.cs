using System.Collections.Concurrent;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;

namespace Gantry.Transfer.Tests;

/// <summary>A driver that has some layers before they are downloaded, as that of a remote snapshotter.</summary>
internal sealed class RemoteDriver(ISnapshotDriver inner) : ISnapshotDriver
{
    /// <summary>The chain ids that it has.</summary>
    public HashSet<string> Targets { get; } = [];

    /// <summary>What it was told of each chain id.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> Told { get; } = new(StringComparer.Ordinal);

    public string Name => "remote";

    public string Root => inner.Root;

    public IReadOnlyList<string> Capabilities => [];

    public async Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        await inner.CreateAsync(id, kind, parents, labels, cancellationToken);
        if (labels.TryGetValue("containerd.io/snapshot.ref", out string? target))
        {
            Told[target] = labels;
            if (Targets.Contains(target))
            {
                throw new GantryException(ErrorKind.AlreadyExists, $"target snapshot \"{target}\"");
            }
        }
    }

    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) => inner.MountsAsync(id, kind, parents, labels, cancellationToken);

    public Task<SnapshotUsage> CommitAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        inner.CommitAsync(id, parents, cancellationToken);

    public Task<SnapshotUsage> UsageAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        inner.UsageAsync(id, parents, cancellationToken);

    public Task RemoveAsync(long id, CancellationToken cancellationToken) => inner.RemoveAsync(id, cancellationToken);

    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken) =>
        inner.CleanupAsync(known, cancellationToken);

    public long GreatestId() => inner.GreatestId();
}
