using Gantry.Core.Events;
using Gantry.Linux.Cgroups;
using Gantry.Runtime.Tasks;
using Gantry.Server.Config;
using Gantry.Storage.Metadata;

namespace Gantry.Server.Metrics;

/// <summary>All that is told at a scrape. Scrapes that come at the same time take turns.</summary>
internal sealed class MetricsSource : IAsyncDisposable
{
    /// <summary>Sums over the database are as old as this at most.</summary>
    private static readonly TimeSpan TotalsAge = TimeSpan.FromSeconds(15);

    /// <summary>After this long without a scrape the files of containers are closed.</summary>
    private static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(5);

    /// <summary>A scrape that takes longer than this, since its reader does, is cut off: others wait for their turn.</summary>
    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(30);

    private readonly MetadataStore _metadata;
    private readonly TaskManager _tasks;
    private readonly EventCounters _events;
    private readonly RpcMetrics _calls;
    private readonly MeterReader _meters;
    private readonly MetricsConfig _config;
    private readonly TimeProvider _time;
    private readonly ContainerMetrics _containers;
    private readonly ITimer _idle;

    private readonly ScrapeTurns _turns;
    private StoreTotals? _totals;
    private long _totalsAt;

    /// <summary>Makes a source.</summary>
    /// <param name="metadata">Everything durable.</param>
    /// <param name="tasks">The tasks.</param>
    /// <param name="events">What is counted of events.</param>
    /// <param name="calls">What is counted of calls.</param>
    /// <param name="meters">What the parts of the daemon have measured.</param>
    /// <param name="config">What is told.</param>
    /// <param name="time">The clock.</param>
    public MetricsSource(
        MetadataStore metadata,
        TaskManager tasks,
        EventCounters events,
        RpcMetrics calls,
        MeterReader meters,
        MetricsConfig config,
        TimeProvider time)
    {
        _metadata = metadata;
        _tasks = tasks;
        _events = events;
        _calls = calls;
        _meters = meters;
        _config = config;
        _time = time;
        _turns = new ScrapeTurns(TurnLimit, time);
        _containers = new ContainerMetrics(metadata);
        _idle = time.CreateTimer(_ => Rest(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes all.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up, or its reader was too slow.</exception>
    public Task WriteAsync(Exposition to, CancellationToken cancellationToken) =>
        _turns.TakeAsync(token => WriteAllAsync(to, token), cancellationToken);

    /// <summary>Closes all, once the scrape that goes on has ended. There is none after it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _idle.DisposeAsync();
        await _turns.DisposeAsync();
        _containers.Dispose();
    }

    private async Task WriteAllAsync(Exposition to, CancellationToken cancellationToken)
    {
        _idle.Change(IdleLimit, Timeout.InfiniteTimeSpan);
        IReadOnlyList<TaskView> tasks = _tasks.View();
        WriteBuild(to);
        ProcessMetrics.Write(to);
        await _calls.WriteAsync(to, _config.GrpcHistogram, cancellationToken);
        _meters.Write(to);
        WriteEvents(to);
        WriteTasks(to, tasks);
        WriteTotals(to);
        await to.FlushAsync(cancellationToken);
        if (_config.Containers)
        {
            await _containers.WriteAsync(tasks, to, cancellationToken);
        }

        await to.EndAsync(cancellationToken);
    }

    private static void WriteBuild(Exposition to)
    {
        ReadOnlySpan<byte> name = "containerd_build_info_total"u8;
        to.Begin(name, MetricKind.Counter, "containerd build information");
        to.Sample(name, LabelText.Of(("revision", BuildInfo.Revision), ("version", BuildInfo.Version)), 1ul);
    }

    private static void WriteTasks(Exposition to, IReadOnlyList<TaskView> tasks)
    {
        ReadOnlySpan<byte> name = "gantry_tasks"u8;
        to.Begin(name, MetricKind.Gauge, "Tasks by what their first process does, as far as the daemon was told");
        foreach (ProcessStatus status in Enum.GetValues<ProcessStatus>())
        {
            if (status is not ProcessStatus.Pausing)
            {
                string state = status.ToString().ToLowerInvariant();
                to.Sample(name, LabelText.Of(("state", state)), (ulong)tasks.Count(task => task.Status == status));
            }
        }

        to.Single("gantry_shims"u8, MetricKind.Gauge, "Shims that answer", tasks.Where(task => task.ShimAddress is not null)
            .Select(task => task.ShimAddress).Distinct(StringComparer.Ordinal).Count());
        to.Single(
            "gantry_tasks_unreachable"u8,
            MetricKind.Gauge,
            "Tasks whose shims do not answer",
            tasks.Count(task => task.ShimAddress is null));
        to.Single("gantry_cgroup_files"u8, MetricKind.Gauge, "Files of cgroups that are kept open between scrapes", KeptFiles.Open);
    }

    private void WriteEvents(Exposition to)
    {
        to.Single("gantry_events_published_total"u8, MetricKind.Counter, "Events that were published", _events.Published);
        to.Single("gantry_events_delivered_total"u8, MetricKind.Counter, "Events that subscribers have taken, each subscriber counted", _events.Delivered);
        to.Single("gantry_events_dropped_total"u8, MetricKind.Counter, "Events that subscribers did not get since they fell too far behind", _events.Dropped);
        to.Single("gantry_events_waiting"u8, MetricKind.Gauge, "Events that wait for subscribers to take them", _events.Waiting);
        to.Single("gantry_events_subscribers"u8, MetricKind.Gauge, "Subscribers of events", _events.Subscribers);
    }

    private void WriteTotals(Exposition to)
    {
        if (_totals is null || _time.GetElapsedTime(_totalsAt) > TotalsAge)
        {
            _totals = _metadata.ReadTotals();
            _totalsAt = _time.GetTimestamp();
        }

        to.Single("gantry_content_blobs"u8, MetricKind.Gauge, "Blobs in the content store, each file counted once", _totals.Blobs);
        to.Single("gantry_content_bytes"u8, MetricKind.Gauge, "Size of these blobs", _totals.BlobBytes);
        to.Begin("gantry_snapshots"u8, MetricKind.Gauge, "Snapshots by snapshotter");
        foreach (SnapshotterTotals one in _totals.Snapshotters)
        {
            to.Sample("gantry_snapshots"u8, LabelText.Of(("snapshotter", one.Name)), (ulong)one.Snapshots);
        }

        to.Begin("gantry_snapshot_bytes"u8, MetricKind.Gauge, "Space of committed snapshots, as recorded when they were committed");
        foreach (SnapshotterTotals one in _totals.Snapshotters)
        {
            to.Sample("gantry_snapshot_bytes"u8, LabelText.Of(("snapshotter", one.Name)), (ulong)one.Bytes);
        }

        to.Begin("gantry_records"u8, MetricKind.Gauge, "Records in the database by kind");
        foreach ((string kind, long count) in _totals.Records)
        {
            to.Sample("gantry_records"u8, LabelText.Of(("kind", kind)), (ulong)count);
        }
    }

    // A scrape that begins right now finds them closed, and opens them again.
    private void Rest() => _turns.TryTake(_containers.Dispose);
}
