using System.Buffers;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Tasks;

namespace Gantry.Server.Metrics;

/// <summary>What containers use, read from their cgroups, with no call to a shim.</summary>
/// <param name="metadata">Tells by which runtime a container runs.</param>
internal sealed class ContainerMetrics(IMetadata metadata) : IDisposable
{
    private const int BufferSize = 16 * 1024;

    private readonly Dictionary<object, ContainerCounters> _known = new(ReferenceEqualityComparer.Instance);
    private readonly List<ContainerCounters> _read = [];
    private long _scrape;

    /// <summary>Writes the metrics of all containers.</summary>
    /// <param name="tasks">The tasks that there are.</param>
    /// <param name="to">Where to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WriteAsync(IReadOnlyList<TaskView> tasks, Exposition to, CancellationToken cancellationToken)
    {
        _scrape++;
        _read.Clear();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (TaskView task in tasks)
            {
                if (task.Cgroup is { } && await CountersAsync(task, cancellationToken) is { } counters)
                {
                    counters.Seen = _scrape;
                    if (counters.Read(buffer))
                    {
                        _read.Add(counters);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await WriteAsync(unified: false, to, cancellationToken);
        await WriteAsync(unified: true, to, cancellationToken);
        await WriteLabeledAsync(to, cancellationToken);
        foreach ((object task, ContainerCounters counters) in _known)
        {
            if (counters.Seen != _scrape)
            {
                counters.Dispose();
                _known.Remove(task);
            }
        }
    }

    /// <summary>Closes all files; a later scrape opens them again.</summary>
    public void Dispose()
    {
        foreach (ContainerCounters counters in _known.Values)
        {
            counters.Dispose();
        }

        _known.Clear();
        _read.Clear();
    }

    private async ValueTask<ContainerCounters?> CountersAsync(TaskView task, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(task.Identity, out ContainerCounters? known))
        {
            return known;
        }

        string runtime = task.Runtime.Length > 0
            ? task.Runtime
            : await RuntimeOfAsync(task.Namespace, task.Id, cancellationToken);
        byte[] labels = LabelText.Of(
            ("container_id", task.Id), ("namespace", task.Namespace.ToString()), ("runtime", runtime));
        ContainerCounters counters = new(task.Cgroup!, labels);
        _known.Add(task.Identity, counters);
        return counters;
    }

    /// <summary>A task that an earlier daemon made does not know it; its container does.</summary>
    private async Task<string> RuntimeOfAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        try
        {
            return (await metadata.In(ns).Containers.GetAsync(id, cancellationToken)).RuntimeName;
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            return "";
        }
    }

    private async Task WriteAsync(bool unified, Exposition to, CancellationToken cancellationToken)
    {
        if (!_read.Exists(counters => counters.Unified == unified))
        {
            return;
        }

        int index = 0;
        foreach (CgroupMetric metric in ContainerCounters.Files(unified).SelectMany(file => file.Metrics))
        {
            bool begun = false;
            foreach (ContainerCounters counters in _read)
            {
                if (counters.Unified != unified || counters.Values[index] is var value && value == CgroupMetric.Absent)
                {
                    continue;
                }

                if (!begun)
                {
                    to.Begin(metric.Name, MetricKind.Gauge, metric.Help);
                    begun = true;
                }

                to.Sample(metric.Name, counters.Labels, value);
                if (to.IsFull)
                {
                    await to.FlushAsync(cancellationToken);
                }
            }

            index++;
        }
    }

    private async Task WriteLabeledAsync(Exposition to, CancellationToken cancellationToken)
    {
        List<LabeledMetric> metrics = [];
        foreach (ContainerCounters counters in _read)
        {
            foreach (LabeledValue value in counters.Labeled)
            {
                if (!metrics.Contains(value.Metric))
                {
                    metrics.Add(value.Metric);
                }
            }
        }

        foreach (LabeledMetric metric in metrics)
        {
            to.Begin(metric.Name, MetricKind.Gauge, metric.Help);
            foreach (ContainerCounters counters in _read)
            {
                foreach (LabeledValue value in counters.Labeled)
                {
                    if (value.Metric == metric)
                    {
                        to.Sample(metric.Name, counters.Labels, value.Labels, value.Value);
                    }
                }

                if (to.IsFull)
                {
                    await to.FlushAsync(cancellationToken);
                }
            }
        }
    }
}
