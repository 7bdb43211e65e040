using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Linux;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Events;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Runtime.Tasks;

/// <content>Removing tasks.</content>
public sealed partial class TaskManager
{
    /// <summary>Removes a task that has stopped, with its shim, its bundle and its mounts.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="cancellationToken">Gives up waiting to begin; what has begun is brought to its end.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="GantryException">NotFound. What the shim said, such as that the task runs.</exception>
    /// <remarks>
    /// <code>
    /// 1. have the shim delete the task
    /// 2. have the shim end
    /// 3. tell that it has exited, unless the shim has
    /// 4. remove the bundle, with what is mounted in it, and tell of that
    /// </code>
    /// When a step fails, the next call takes up there.
    /// </remarks>
    public async Task<ProcessExit> DeleteAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        Shim? shim = task.Connection;
        try
        {
            await task.Lifecycle.WaitAsync(cancellationToken);
            try
            {
                return await DeleteStepsAsync(task);
            }
            finally
            {
                task.Lifecycle.Release();
            }
        }
        catch (GantryException failure) when (
            failure.Kind is ErrorKind.Unavailable && shim is not null && !_stop.IsCancellationRequested)
        {
            // The shim is lost: when it is dead, the daemon is about to remove the task itself.
            await task.LeftAsync(shim, cancellationToken);
            if (task.Exit is { } exit)
            {
                return exit;
            }

            throw;
        }
        catch (LinuxException failure)
        {
            throw new GantryException(ErrorKind.Unknown, $"failed to delete task: {failure.Message}", failure);
        }
    }

    /// <summary>The steps of a removal, from where the last attempt has left off. The caller holds the task's lifecycle.</summary>
    private async Task<ProcessExit> DeleteStepsAsync(ManagedTask task)
    {
        if (task.Phase is TaskPhase.Gone)
        {
            // Another call was first, and the id may be that of another task by now.
            return task.Exit ?? throw new GantryException(ErrorKind.NotFound, $"task {task.Bundle.Id} not found");
        }

        // Step 1
        if (task.Deleted is null)
        {
            Shim shim = task.Shim;
            task.Intents.Begin(TaskIntent.Delete);
            try
            {
                task.Deleted = await DeleteInShimAsync(task, shim);
            }
            catch (GantryException)
            {
                task.Intents.End(TaskIntent.Delete);
                throw;
            }

            // Step 2
            await ShutdownAsync(task, shim);
        }

        // Step 3
        ProcessExit exit = task.Deleted;
        await TellExitAsync(task, exit);

        // Step 4
        await RemoveAsync(task);
        await TellDeletionAsync(task.Bundle, exit);
        Forget(task, exit);
        return exit;
    }

    private async Task<ProcessExit> DeleteInShimAsync(ManagedTask task, Shim shim)
    {
        DeleteRequest request = new() { Id = task.Bundle.Id };
        try
        {
            DeleteResponse response = await shim.CallAsync(
                (c, o) => c.DeleteAsync(request, o), _options.Deadlines.Change, CancellationToken.None);
            return new ProcessExit(response.Pid, response.ExitStatus, response.ExitedAt);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound && KnownExit(task) is not null)
        {
            // An earlier call has got this far, and its answer was lost.
            return KnownExit(task)!;
        }
        catch (GantryException failure)
        {
            throw GantryException.Verbatim(failure.Kind, $"failed to delete task: {failure.Message}", failure);
        }
    }

    private ProcessExit? KnownExit(ManagedTask task) =>
        _events.Exits.Find(task.Bundle.Namespace, task.Bundle.Id) is { } exit
            ? new ProcessExit(exit.Pid, exit.ExitStatus, exit.ExitedAt)
            : null;

    /// <summary>
    /// Has a shim end, and waits until it has: then all that it had to tell is told. One that serves other tasks too goes on.
    /// One that does not end, though it holds no task any more, is killed.
    /// </summary>
    /// <returns>Whether it did as it was told.</returns>
    private async Task<bool> ShutdownAsync(ManagedTask task, Shim shim)
    {
        if (task.IsSandboxed)
        {
            // It is the sandbox's.
            return true;
        }

        Bundle bundle = task.Bundle;
        try
        {
            ShutdownRequest request = new() { Id = bundle.Id };
            await shim.CallAsync(
                (c, o) => c.ShutdownAsync(request, o), _options.Deadlines.ShimShutdown, CancellationToken.None);
            if (!IsShared(task))
            {
                await shim.Closed.WaitAsync(_options.Deadlines.ShimShutdown, _time, CancellationToken.None);
            }

            return true;
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.Unavailable)
        {
            // It ended before it could answer, or was killed and is about to be gone.
            _logger.LeftOut(bundle.Namespace.ToString(), bundle.Id, failure);
            if (!IsShared(task))
            {
                await Remains.EndShimAsync(bundle, _time, CancellationToken.None);
            }

            return true;
        }
        catch (Exception failure) when (failure is GantryException or TimeoutException)
        {
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "ending its shim", failure);
            if (!IsShared(task))
            {
                await Remains.EndShimAsync(bundle, _time, CancellationToken.None);
            }

            return false;
        }
    }

    /// <summary>Whether the shim of a task serves others too.</summary>
    private bool IsShared(ManagedTask task) => task.IsSandboxed || (task.Bootstrap is { } own && _tasks.Values.Any(other =>
        !ReferenceEquals(other, task)
        && other.Bootstrap is { } bootstrap
        && string.Equals(bootstrap.Address, own.Address, StringComparison.Ordinal)));

    /// <summary>Removes what the daemon holds of a task on disk and in the kernel.</summary>
    private async Task RemoveAsync(ManagedTask task)
    {
        if (task.Connection is { } shim)
        {
            await shim.DisposeAsync();
        }

        if (task.Log is { } log)
        {
            task.Log = null;
            await log.DisposeAsync();
        }

        if (task.Bootstrap is { } bootstrap)
        {
            ShimSocket.RemoveDead(bootstrap);
        }

        await DeactivateAsync(task);
        _bundles.Delete(task.Bundle);
    }

    /// <summary>The task is no more: its id is free.</summary>
    private void Forget(ManagedTask task, ProcessExit? exit)
    {
        _tasks.TryRemove(new((task.Bundle.Namespace, task.Bundle.Id), task));
        _events.Exits.Forget(task.Bundle.Namespace, task.Bundle.Id);
        task.BeGone(exit);
    }

    /// <summary>Tells that a task is deleted.</summary>
    private async Task TellDeletionAsync(Bundle bundle, ProcessExit exit)
    {
        TaskDelete deletion = new()
        {
            ContainerId = bundle.Id,
            Pid = exit.Pid,
            ExitStatus = exit.Status,
            ExitedAt = exit.ExitedAt,
        };
        await _events.PublishAsync(
            bundle.Namespace, EventTopic.TaskDelete, TypeUrl.Pack(deletion), CancellationToken.None);
    }

    /// <summary>Tells that a task has exited, unless that was told.</summary>
    private async Task TellExitAsync(ManagedTask task, ProcessExit exit)
    {
        Bundle bundle = task.Bundle;
        if (_events.Exits.Find(bundle.Namespace, bundle.Id) is not null)
        {
            return;
        }

        TaskExit told = new()
        {
            ContainerId = bundle.Id,
            Id = bundle.Id,
            Pid = exit.Pid,
            ExitStatus = exit.Status,
            ExitedAt = exit.ExitedAt,
        };
        await _events.PublishAsync(bundle.Namespace, EventTopic.TaskExit, TypeUrl.Pack(told), CancellationToken.None);
    }
}
