using System.Net.Sockets;
using Gantry.Api.Events;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Google.Protobuf;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Runtime.Tasks;

/// <content>Adopting what an earlier daemon left.</content>
public sealed partial class TaskManager
{
    /// <summary>
    /// Finds the bundles of an earlier daemon, this project's or containerd's, and adopts their tasks, all at once and each
    /// within its deadline. A task whose shim is dead is cleaned up after and its exit told; a bundle that never had a shim
    /// is removed; a task whose shim is silent is kept, and tried again later.
    /// </summary>
    /// <param name="begin">Shims are not talked to before this completes: the API is to answer first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// Completes when it is known of each. From the moment on at which this returns the task, each bundle counts as a task,
    /// calls for which wait until more is known, and exits that were told are remembered.
    /// </returns>
    /// <remarks>
    /// Call it before the daemon takes the events of shims, and await it after: a shim whose daemon died tells again what
    /// was not acknowledged, and only what is remembered by then is not told twice.
    /// </remarks>
    public Task LoadAsync(Task begin, CancellationToken cancellationToken)
    {
        List<ManagedTask> found = [];
        foreach (Bundle bundle in _bundles.Find())
        {
            ManagedTask task = new(bundle, TaskPhase.Loading);
            if (_tasks.TryAdd((bundle.Namespace, bundle.Id), task))
            {
                RememberExits(bundle);
                ReadShim(task);
                found.Add(task);
            }
        }

        return AdoptAllAsync(found, begin, cancellationToken);
    }

    private async Task AdoptAllAsync(List<ManagedTask> found, Task begin, CancellationToken cancellationToken)
    {
        await begin.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        long started = _time.GetTimestamp();
        await Task.WhenAll(found.Select(task => Task.Run(() => LoadTaskAsync(task, cancellationToken), cancellationToken)));
        ILookup<TaskPhase, ManagedTask> phases = found.ToLookup(task => task.Phase);
        _logger.AllAdopted(
            phases[TaskPhase.Live].Count(),
            phases[TaskPhase.Unreachable].Count(),
            phases[TaskPhase.Gone].Count(),
            _time.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>Reads how a task's shim is reached, so that it is known of all tasks before any is adopted.</summary>
    private void ReadShim(ManagedTask task)
    {
        Bundle bundle = task.Bundle;
        try
        {
            task.Program = BundleStore.ReadProgram(bundle) is { } path ? ProgramAt(path, bundle) : null;
            task.Bootstrap = BundleStore.ReadBootstrap(bundle, _logger);
            task.IsSandboxed = File.Exists(bundle.SandboxPath);
        }
        catch (Exception failure) when (failure is GantryException or IOException or UnauthorizedAccessException)
        {
            // One bundle that is broken must not keep the daemon from the others.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "reading its bundle", failure);
            task.BeUnreachable();
        }
    }

    private async Task LoadTaskAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        Bundle bundle = task.Bundle;
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await task.Lifecycle.WaitAsync(either.Token);
        try
        {
            if (task.Phase is TaskPhase.Unreachable)
            {
                return;
            }

            if (task.Bootstrap is null || task.Intents.Has(TaskIntent.Create))
            {
                await RemoveUnmadeAsync(task, either.Token);
                return;
            }

            task.Log = ShimLog.Open(bundle, _logger);
            Shim? shim = await TryAdoptAsync(task, again: false, FirstRetry, either.Token);
            if (shim is not null)
            {
                task.Watch = WatchAsync(task, shim);
            }
            else if (task.Phase is TaskPhase.Unreachable)
            {
                task.Watch = ReachAsync(task);
            }
        }
        catch (Exception failure) when (failure is GantryException or IOException or UnauthorizedAccessException)
        {
            // One bundle that is broken must not keep the daemon from the others.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "adopting it", failure);
            task.BeUnreachable();
        }
        finally
        {
            task.Lifecycle.Release();
        }
    }

    /// <summary>Tries to reach a silent shim until it answers, and watches it from then on.</summary>
    private async Task ReachAsync(ManagedTask task)
    {
        try
        {
            await Task.Delay(FirstRetry, _time, _stop.Token);
            if (await RecoverAsync(task, lost: null) is { } shim)
            {
                await WatchAsync(task, shim);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
            return;
        }
    }

    /// <summary>
    /// Takes back a task that an earlier daemon was about to make: it told nobody that the task exists. A shim that there
    /// is already is asked first, so that what it has told of the task is told to its end.
    /// </summary>
    private async Task RemoveUnmadeAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        Bundle bundle = task.Bundle;
        await Remains.EndProgramsAsync(bundle, _time, cancellationToken);
        task.Log = ShimLog.Open(bundle, _logger);
        if (task.Bootstrap is { } bootstrap)
        {
            try
            {
                task.Attach(await Shim.ConnectAsync(
                    bootstrap, bundle.Namespace, _options.Deadlines.ShimLoad, _time, cancellationToken));
            }
            catch (Exception failure) when (failure is GantryException or SocketException)
            {
                // It is dead, or was never more than a socket.
                _logger.LeftOut(bundle.Namespace.ToString(), bundle.Id, failure);
            }
        }

        await TakeBackAsync(task);
        _logger.CreationUndone(bundle.Namespace.ToString(), bundle.Id);
    }

    /// <summary>Goes on with what an earlier daemon was about to do to a task that lives. The caller holds its lifecycle.</summary>
    private async Task ResumeAsync(ManagedTask task, Shim shim, ProcessState state, CancellationToken cancellationToken)
    {
        string id = task.Bundle.Id;
        try
        {
            if (task.Intents.Has(TaskIntent.Start))
            {
                if (state.Status is ProcessStatus.Created)
                {
                    StartRequest request = new() { Id = id };
                    await shim.CallAsync(
                        (c, o) => c.StartAsync(request, o), _options.Deadlines.Change, cancellationToken);
                }

                task.Intents.End(TaskIntent.Start);
            }

            if (task.Intents.Has(TaskIntent.Kill))
            {
                if (state.Status is not ProcessStatus.Stopped)
                {
                    KillRequest request = new() { Id = id, Signal = Signals.SIGKILL };
                    await shim.CallAsync((c, o) => c.KillAsync(request, o), _options.Deadlines.Call, cancellationToken);
                }

                task.Intents.End(TaskIntent.Kill);
            }

            if (task.Intents.Has(TaskIntent.Delete))
            {
                if (state.Status is ProcessStatus.Stopped)
                {
                    await DeleteStepsAsync(task);
                }
                else
                {
                    task.Intents.End(TaskIntent.Delete);
                }
            }
        }
        catch (Exception failure) when (failure is GantryException or LinuxException)
        {
            // The task is adopted as it is; its client sees in which state, and can repeat what it wanted.
            _logger.CleanupFailed(task.Bundle.Namespace.ToString(), id, "resuming what was begun", failure);
        }
    }

    private void RememberExits(Bundle bundle)
    {
        foreach (string path in bundle.ExitPaths)
        {
            if (ReadExit(bundle, path) is { } exit && bundle.ExitPath(exit) == path)
            {
                _events.Exits.Remember(bundle.Namespace, exit);
            }
        }

        if (ReadExit(bundle, bundle.DeletedPath) is { } last)
        {
            _events.Exits.Remember(bundle.Namespace, last);
            TaskDelete deletion = new() { ContainerId = bundle.Id, Pid = last.Pid, ExitedAt = last.ExitedAt };
            _events.Exits.Remember(bundle.Namespace, deletion);
        }
    }

    /// <summary>An exit of a task that was kept; null when there is none, or it can't be read.</summary>
    private TaskExit? ReadExit(Bundle bundle, string path)
    {
        try
        {
            TaskExit? exit = File.Exists(path) ? TaskExit.Parser.ParseFrom(File.ReadAllBytes(path)) : null;
            return exit?.ContainerId == bundle.Id ? exit : null;
        }
        catch (Exception failure) when (failure is InvalidProtocolBufferException or IOException)
        {
            // Then the exit is told once more.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "reading an exit that was told", failure);
            return null;
        }
    }
}
