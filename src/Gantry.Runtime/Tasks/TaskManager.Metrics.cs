using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Namespaces;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Mounts;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Runtime.Tasks;

/// <content>What tasks use: read from their cgroups, and asked of a shim only where that does not tell.</content>
public sealed partial class TaskManager
{
    /// <summary>What tasks have used; those that can't be told in time are left out.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="filter">Which tasks: fields <c>id</c>, <c>namespace</c>, <c>runtime</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<TaskMetric>> MetricsAsync(
        Namespace ns, Filter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        IEnumerable<Task<TaskMetric?>> asked = InNamespace(ns)
            .Where(task => filter.Matches(new TaskFields(task)))
            .Select(task => TryMetricAsync(task, cancellationToken));
        TaskMetric?[] metrics = await Task.WhenAll(asked);
        return [.. metrics.OfType<TaskMetric>()];
    }

    /// <summary>All tasks, as they are known without asking their shims.</summary>
    public IReadOnlyList<TaskView> View()
    {
        IReadOnlyList<MountInfo>? mounts = null;
        IReadOnlyList<MountInfo> Mounts() => mounts ??=
        [
            .. MountInfo.ReadAll().Where(mount =>
                mount.FilesystemType is "cgroup" or "cgroup2" || mount.MountPoint == CgroupPaths.Root),
        ];

        List<TaskView> views = new(_tasks.Count);
        foreach (ManagedTask task in _tasks.Values)
        {
            if (task.Phase is TaskPhase.Live or TaskPhase.Loading or TaskPhase.Unreachable)
            {
                views.Add(new TaskView(
                    task,
                    task.Bundle.Namespace,
                    task.Bundle.Id,
                    task.RuntimeName,
                    task.Status,
                    task.Connection?.Address,
                    task.Status is ProcessStatus.Stopped ? task.Cgroup : TaskCgroup.TryFind(task, Mounts)));
            }
        }

        return views;
    }

    private static void SetStatus(ManagedTask task, ProcessStatus status)
    {
        // Its end may have been told before the call that started it returns.
        if (task.Status is not ProcessStatus.Stopped)
        {
            task.Status = status;
        }
    }

    private void SetStatus(Namespace ns, string id, ProcessStatus status)
    {
        if (_tasks.TryGetValue((ns, id), out ManagedTask? task))
        {
            SetStatus(task, status);
        }
    }

    private async Task<TaskMetric?> TryMetricAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        try
        {
            await task.Loaded.WaitAsync(_options.Deadlines.ShimStats, _time, cancellationToken);
            TypedBytes? stats = TaskCgroup.TryRead(task) ?? await AskAsync(task, cancellationToken);
            return stats is null ? null : new TaskMetric(task.Bundle.Id, _time.GetUtcNow(), stats);
        }
        catch (Exception failure) when (failure is GantryException or TimeoutException)
        {
            // One stuck task must not hide the others.
            _logger.LeftOut(task.Bundle.Namespace.ToString(), task.Bundle.Id, failure);
            return null;
        }
    }

    private async Task<TypedBytes?> AskAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        StatsRequest request = new() { Id = task.Bundle.Id };
        StatsResponse response = await task.Shim.CallAsync(
            (c, o) => c.StatsAsync(request, o), _options.Deadlines.ShimStats, cancellationToken);
        return response.Stats.ToRecord();
    }
}
