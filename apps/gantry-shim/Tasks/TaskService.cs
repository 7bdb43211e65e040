using System.Collections.Concurrent;
using Gantry.Core.Errors;
using Gantry.Linux.Processes;
using Gantry.Shim.Containers;
using Gantry.Shim.Sandboxes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

/// <summary>
/// The task service of the shim: the calls of the daemon, each in a file of its own. One shim serves a container, or all of
/// a group.
/// </summary>
internal sealed partial class TaskService(ContainerEnvironment environment, PodSandbox sandbox, Action shutdown)
    : Gantry.Api.Runtime.TaskV2.Task.TaskBase
{
    /// <summary>A longer limit is none.</summary>
    private static readonly TimeSpan LongestLimit = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Container> _containers = new(StringComparer.Ordinal);

    /// <summary>Ids of containers that are being created.</summary>
    private readonly ConcurrentDictionary<string, bool> _creating = new(StringComparer.Ordinal);

    /// <summary>The containers that there are.</summary>
    public IEnumerable<Container> Containers => _containers.Values;

    /// <summary>Ends all containers: asks them to end, and kills those that have not after a while.</summary>
    /// <param name="timeout">How long they have; none to kill them at once.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task StopAllAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Container[] all = [.. _containers.Values];
        Task ended = Task.WhenAll(all.Select(container => container.Init.Ended));
        if (timeout > TimeSpan.Zero && !ended.IsCompleted)
        {
            await SignalAsync(all, Signals.SIGTERM);
            await Task.WhenAny(ended, Task.Delay(timeout, environment.Time, cancellationToken));
        }

        await SignalAsync(all, Signals.SIGKILL);
        await ended.WaitAsync(cancellationToken);
    }

    private static async Task SignalAsync(IEnumerable<Container> containers, int signal)
    {
        foreach (Container container in containers.Where(container => !container.Init.Ended.IsCompleted))
        {
            try
            {
                await container.Init.KillAsync(signal);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
            {
                // It has just ended by itself.
                continue;
            }
        }
    }

    /// <summary>
    /// When the caller's patience ends, and with it what is done for it. That it goes away is no reason to stop: a daemon
    /// may die, and finds what was begun when it is back.
    /// </summary>
    private CancellationTokenSource LimitOf(ServerCallContext context)
    {
        TimeSpan left = context.Deadline.ToUniversalTime() - environment.Time.GetUtcNow().UtcDateTime;
        return context.Deadline == DateTime.MaxValue || left > LongestLimit
            ? new CancellationTokenSource()
            : new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, environment.Time);
    }

    private Container Find(string id) => _containers.TryGetValue(id, out Container? container)
        ? container
        : throw new GantryException(ErrorKind.NotFound, "container not created");
}
