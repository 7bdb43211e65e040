using System.Collections.Concurrent;
using System.Globalization;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;

namespace Gantry.Storage.Tests;

/// <summary>A driver of plain directories, which tells what was asked of it and can be told to fail.</summary>
internal sealed class DirectoryDriver(string root, string name = "overlayfs", bool canRebase = true) : ISnapshotDriver
{
    public string Name => name;

    public string Root => root;

    public IReadOnlyList<string> Capabilities => canRebase ? ["rebase"] : [];

    public Exception? FailCreate { get; set; }

    public Func<Task>? OnCreate { get; set; }

    public ConcurrentQueue<IReadOnlyDictionary<string, string>> SeenLabels { get; } = new();

    public IReadOnlyList<long> Ids =>
        Directory.Exists(root)
            ? [.. Directory.GetDirectories(root).Select(path => ParseId(Path.GetFileName(path))).Order()]
            : [];

    public async Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        if (FailCreate is { } failure)
        {
            throw failure;
        }

        SeenLabels.Enqueue(labels);
        Directory.CreateDirectory(Of(id));
        if (OnCreate is { } hook)
        {
            await hook();
        }
    }

    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Mount>>(
            [new Mount("test", string.Join(':', parents.Prepend(id)), [kind == SnapshotKind.View ? "ro" : "rw"])]);

    public Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken) => Task.FromResult(new SnapshotUsage(3, 4096));

    public Task<SnapshotUsage> UsageAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken) =>
        Task.FromResult(new SnapshotUsage(1, 512));

    public Task RemoveAsync(long id, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Of(id)))
        {
            Directory.Delete(Of(id), recursive: true);
        }

        return Task.CompletedTask;
    }

    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken)
    {
        foreach (long id in Ids)
        {
            if (known is not null && !known.Contains(id))
            {
                Directory.Delete(Of(id), recursive: true);
            }
        }

        return Task.CompletedTask;
    }

    public long GreatestId() => Ids.Count == 0 ? 0 : Ids[^1];

    public IReadOnlySet<long>? ListIds() => Ids.ToHashSet();

    private static long ParseId(string name) => long.Parse(name, CultureInfo.InvariantCulture);

    private string Of(long id) => Path.Combine(root, id.ToString(CultureInfo.InvariantCulture));
}
