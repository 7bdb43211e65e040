using Gantry.Api.Events;
using Gantry.Core.Errors;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Google.Protobuf;

namespace Gantry.Runtime.Tasks;

/// <content>Adopting what an earlier daemon left.</content>
public sealed partial class TaskManager
{
    /// <summary>
    /// Finds the bundles of an earlier daemon, this project's or containerd's, and adopts their tasks, all at once and each
    /// within its deadline. A task whose shim is dead is cleaned up after and its exit told; a bundle that never had a shim
    /// is removed; a task whose shim is silent is kept, and tried again later.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// Completes when it is known of each. From the moment on at which this returns the task, each bundle counts as a task,
    /// calls for which wait until more is known, and exits that were told are remembered.
    /// </returns>
    /// <remarks>
    /// Call it before the daemon takes the events of shims, and await it after: a shim whose daemon died tells again what
    /// was not acknowledged, and only what is remembered by then is not told twice.
    /// </remarks>
    public Task LoadAsync(CancellationToken cancellationToken)
    {
        List<ManagedTask> found = [];
        foreach (Bundle bundle in _bundles.Find())
        {
            ManagedTask task = new(bundle, TaskPhase.Loading);
            if (_tasks.TryAdd((bundle.Namespace, bundle.Id), task))
            {
                RememberExit(bundle);
                found.Add(task);
            }
        }

        return Task.WhenAll(found.Select(task => LoadTaskAsync(task, cancellationToken)));
    }

    private async Task LoadTaskAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        Bundle bundle = task.Bundle;
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await task.Lifecycle.WaitAsync(either.Token);
        try
        {
            task.Program = FindProgram(bundle);
            task.Bootstrap = ReadBootstrap(bundle);
            if (task.Bootstrap is null)
            {
                await RemoveWithoutShimAsync(task);
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

    private async Task RemoveWithoutShimAsync(ManagedTask task)
    {
        Bundle bundle = task.Bundle;
        if (task.Program is { } program)
        {
            // It may have been about to start: what there is of it has made no process yet.
            await RunDeleteAsync(task, program);
        }

        ShimProcess.Kill(bundle);
        await RemoveAsync(task);
        Forget(task, exit: null);
        _logger.BundleRemoved(bundle.Namespace.ToString(), bundle.Id);
    }

    private ShimProgram? FindProgram(Bundle bundle) =>
        File.Exists(bundle.ShimBinaryPath) && File.ReadAllText(bundle.ShimBinaryPath).Trim() is { Length: > 0 } path
            ? ProgramAt(path, bundle)
            : null;

    private BootstrapResult? ReadBootstrap(Bundle bundle)
    {
        foreach (string path in new[] { bundle.BootstrapPath, bundle.AddressPath })
        {
            FileInfo file = new(path);
            if (!file.Exists || file.Length is 0 or > BootstrapResult.MaxLength)
            {
                continue;
            }

            try
            {
                return BootstrapResult.Parse(File.ReadAllBytes(path));
            }
            catch (GantryException failure) when (failure.Kind is ErrorKind.InvalidArgument)
            {
                // Power went before it was all written; the other file may do.
                _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, $"reading {path}", failure);
            }
        }

        return null;
    }

    private void RememberExit(Bundle bundle)
    {
        if (!File.Exists(bundle.ExitPath))
        {
            return;
        }

        try
        {
            TaskExit exit = TaskExit.Parser.ParseFrom(File.ReadAllBytes(bundle.ExitPath));
            if (exit.ContainerId == bundle.Id && exit.Id == bundle.Id)
            {
                _events.Exits.Remember(bundle.Namespace, exit);
            }
        }
        catch (Exception failure) when (failure is InvalidProtocolBufferException or IOException)
        {
            // Then the exit is told once more.
            _logger.CleanupFailed(bundle.Namespace.ToString(), bundle.Id, "reading its exit", failure);
        }
    }
}
