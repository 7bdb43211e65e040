using Gantry.Cli.CommandLine;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Errors;

namespace Gantry.Cli.Containers;

/// <summary>Takes containers apart: task, record and snapshot.</summary>
internal static class ContainerCleanup
{
    /// <summary>Removes a container whose task, if it has one, has ended or is to be killed.</summary>
    /// <param name="scope">The namespace.</param>
    /// <param name="container">The container.</param>
    /// <param name="hasTask">Whether it may have a task.</param>
    /// <param name="force">Whether to kill it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task RemoveAsync(
        NamespaceClient scope,
        ContainerRecord container,
        bool hasTask,
        bool force,
        CancellationToken cancellationToken)
    {
        if (force)
        {
            await ContainerLabels.StayStoppedAsync(scope, container, cancellationToken);
        }

        if (hasTask)
        {
            await RemoveTaskAsync(scope, container.Id, force, cancellationToken);
        }

        // Neither waits for the other: a snapshot may go before the record that names it.
        Task record = IgnoreAbsentAsync(scope.Containers.DeleteAsync(container.Id, cancellationToken));
        Task snapshot = container.SnapshotKey.Length == 0
            ? Task.CompletedTask
            : IgnoreAbsentAsync(
                scope.Snapshots(container.Snapshotter).RemoveAsync(container.SnapshotKey, cancellationToken));
        await Task.WhenAll(record, snapshot);
    }

    /// <summary>Removes a task; one that is not there is no error.</summary>
    public static async Task RemoveTaskAsync(
        NamespaceClient scope,
        string id,
        bool force,
        CancellationToken cancellationToken)
    {
        if (force)
        {
            await KillAndWaitAsync(scope, id, cancellationToken);
        }

        await IgnoreAbsentAsync(scope.Tasks.DeleteAsync(id, cancellationToken));
    }

    /// <summary>Awaits a removal; what is not there needs no removing.</summary>
    public static async Task IgnoreAbsentAsync(Task removal)
    {
        try
        {
            await removal;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It is gone already.
        }
    }

    private static async Task KillAndWaitAsync(NamespaceClient scope, string id, CancellationToken cancellationToken)
    {
        try
        {
            await scope.Tasks.KillAsync(id, SignalNames.Kill, all: true, cancellationToken: cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.FailedPrecondition)
        {
            // It has no task, or that has ended.
        }

        await IgnoreAbsentAsync(scope.Tasks.WaitAsync(id, cancellationToken: cancellationToken));
    }
}
