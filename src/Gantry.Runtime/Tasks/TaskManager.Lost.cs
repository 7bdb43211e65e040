using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Tasks;

/// <content>What happens when a shim is lost.</content>
public sealed partial class TaskManager
{
    /// <summary>The exit status of a process of which nobody knows how it ended.</summary>
    private const uint UnknownExitStatus = 255;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Waits until a connection breaks, and then finds out why: a shim that lives is connected to again, after one that is
    /// dead is cleaned up. Ends with the task, or with the daemon.
    /// </summary>
    private async Task WatchAsync(ManagedTask task, Shim shim)
    {
        Bundle bundle = task.Bundle;
        try
        {
            while (true)
            {
                await shim.Closed;
                if (await RecoverAsync(task, shim) is not { } next)
                {
                    return;
                }

                shim = next;
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
            return;
        }
#pragma warning disable CA1031 // The end of this loop must be seen, whatever its reason: nobody would watch the task.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _logger.WatchFailed(bundle.Namespace.ToString(), bundle.Id, failure);
        }
    }

    /// <summary>Tries to reach a shim again until it answers or is known to be dead.</summary>
    /// <param name="task">The task.</param>
    /// <param name="lost">The connection that broke; null when there was none.</param>
    /// <returns>The new connection; null when the task is gone.</returns>
    private async Task<Shim?> RecoverAsync(ManagedTask task, Shim? lost)
    {
        TimeSpan delay = FirstRetry;
        while (true)
        {
            await task.Lifecycle.WaitAsync(_stop.Token);
            try
            {
                // It was removed while this waited, or its removal has begun and is to be gone on with by the caller.
                if (task.Phase is TaskPhase.Gone || task.Deleted is not null)
                {
                    return null;
                }

                _stop.Token.ThrowIfCancellationRequested();
                if (await TryAdoptAsync(task, lost is not null, delay, _stop.Token) is { } outcome)
                {
                    if (lost is not null)
                    {
                        await lost.DisposeAsync();
                    }

                    return outcome;
                }

                if (task.Phase is TaskPhase.Gone)
                {
                    return null;
                }
            }
            finally
            {
                task.Lifecycle.Release();
            }

            await Task.Delay(delay, _time, _stop.Token);
            delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
        }
    }

    /// <summary>
    /// Connects to a task's shim and asks it for the task's state; a dead shim is cleaned up after. The caller holds the
    /// task's lifecycle.
    /// </summary>
    /// <returns>The connection; null when the task is gone, or its shim lives but does not answer: see its phase.</returns>
    private async Task<Shim?> TryAdoptAsync(
        ManagedTask task, bool again, TimeSpan nextTry, CancellationToken cancellationToken)
    {
        Bundle bundle = task.Bundle;
        Shim? shim = null;
        try
        {
            shim = await Shim.ConnectAsync(
                task.Bootstrap!, bundle.Namespace, _options.Deadlines.ShimLoad, _time, cancellationToken);
            ProcessState state =
                await StateAsync(shim, bundle.Id, "", _options.Deadlines.ShimLoad, cancellationToken);
            await AdoptAsync(task, shim, state, again);
            if (!again)
            {
                await ResumeAsync(task, shim, state, cancellationToken);
            }

            return shim;
        }
        catch (GantryException failure) when (shim is not null && failure.Kind is ErrorKind.NotFound)
        {
            _logger.ShimEmpty(bundle.Namespace.ToString(), bundle.Id);
            await ShutdownAsync(task, shim);
            await shim.DisposeAsync();
            await CleanUpAsync(task, started: KnownExit(task) is not null || task.Intents.Has(TaskIntent.Delete));
            return null;
        }
        catch (Exception failure) when (
            failure is GantryException or SocketException && !cancellationToken.IsCancellationRequested)
        {
            if (shim is not null)
            {
                await shim.DisposeAsync();
            }

            if (IsDead(bundle, failure))
            {
                _logger.ShimDead(bundle.Namespace.ToString(), bundle.Id, task.Bootstrap!.Address);
                await CleanUpAsync(task, started: true);
                return null;
            }

            task.BeUnreachable();
            _logger.Unreachable(bundle.Namespace.ToString(), bundle.Id, nextTry, failure);
            return null;
        }
    }

    /// <summary>
    /// A shim is dead when nobody listens on its socket, or hangs up, and no process of a shim has its number. One that is
    /// only silent lives, and so may its task: neither is touched.
    /// </summary>
    private static bool IsDead(Bundle bundle, Exception failure) =>
        failure is SocketException or GantryException { Kind: ErrorKind.Unavailable }
        && ShimProcess.Find(bundle) is null;

    private async Task AdoptAsync(ManagedTask task, Shim shim, ProcessState state, bool again)
    {
        Bundle bundle = task.Bundle;
        task.Pid = state.Pid;
        task.Status = state.Status;
        task.BeLive(shim);
        if (again)
        {
            _logger.Reconnected(bundle.Namespace.ToString(), bundle.Id);
        }
        else
        {
            _logger.Adopted(bundle.Namespace.ToString(), bundle.Id, state.Status);
        }

        if (state.Status is ProcessStatus.Stopped)
        {
            await TellExitAsync(task, new ProcessExit(state.Pid, state.ExitStatus, state.ExitedAt));
        }
    }

    /// <summary>
    /// Cleans up after a shim that is gone: kills and unmounts what it left, removes the bundle, and tells of the exit that
    /// it can't tell of any more. The caller holds the task's lifecycle.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="started">Whether there was a task whose end is to be told.</param>
    private async Task CleanUpAsync(ManagedTask task, bool started)
    {
        Bundle bundle = task.Bundle;
        ProcessExit? answer = await EndLeftAsync(task, task.Program);
        if (answer is null && started && ShimProcess.InitExists(bundle))
        {
            // The container may run on. To tell of its exit would be a lie; the next try may do better.
            task.BeUnreachable();
            return;
        }

        ProcessExit? exit = null;
        if (started)
        {
            exit = KnownExit(task) ?? new ProcessExit(
                answer?.Pid > 0 ? answer.Pid : task.Pid,
                answer?.Status ?? UnknownExitStatus,
                answer?.ExitedAt ?? Timestamp.FromDateTimeOffset(_time.GetUtcNow()));
        }

        // While there is a bundle to keep it in: a daemon that dies between this and the removal has told it.
        if (exit is not null)
        {
            await TellExitAsync(task, exit);
        }

        try
        {
            await RemoveAsync(task);
        }
        catch (IOException failure)
        {
            // The next daemon, or the next task of this id, removes it.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "removing its bundle", failure);
        }

        if (exit is not null)
        {
            await TellDeletionAsync(bundle, exit);
        }

        Forget(task, exit);
    }

    /// <summary>Runs <c>shim delete</c>.</summary>
    /// <returns>How the task ended; null when that failed.</returns>
    private async Task<ProcessExit?> RunDeleteAsync(ManagedTask task, ShimProgram program)
    {
        Bundle bundle = task.Bundle;
        await _cleanups.WaitAsync(_stop.Token);
        try
        {
            (Api.Runtime.TaskV2.DeleteResponse response, string warnings) = await program.DeleteAsync(_stop.Token);
            if (warnings.Length > 0)
            {
                _logger.CleanupWarnings(bundle.Namespace.ToString(), bundle.Id, warnings);
            }

            return new ProcessExit(response.Pid, response.ExitStatus, response.ExitedAt);
        }
        catch (GantryException failure)
        {
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "shim delete", failure);
            return null;
        }
        finally
        {
            _cleanups.Release();
        }
    }
}
