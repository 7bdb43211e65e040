using System.Globalization;
using System.Threading.Channels;
using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Linux.Processes;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Tasks;
using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Supervisor;

/// <summary>
/// Keeps containers as their <see cref="RestartLabels"/> want them: what ended is started again as its policy says, what is
/// not to run is stopped. It hears of ends at once, and looks at all containers from time to time.
/// </summary>
/// <param name="metadata">Containers, and the mounts of their snapshots.</param>
/// <param name="tasks">Their tasks.</param>
/// <param name="events">Where it hears of ends, and tells of the labels that it changes.</param>
/// <param name="interval">The time between two looks at all containers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it tells what it did.</param>
public sealed class RestartMonitor(
    IMetadata metadata,
    TaskManager tasks,
    IEventExchange events,
    TimeSpan interval,
    TimeProvider time,
    ILogger<RestartMonitor> logger)
{
    private const int Parallelism = 8;
    private const string UpdateTopic = "/containers/update";

    /// <summary>A container that has no task yet is its maker's business for this long.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(10);

    private static readonly string[] Topics =
        [$"topic==\"{Events.EventTopic.TaskExit}\"", $"topic==\"{UpdateTopic}\""];

    private static readonly string[] Labelled = [$"labels.\"{RestartLabels.Status}\""];

    private readonly Channel<(Namespace Namespace, string Id)> _news =
        Channel.CreateUnbounded<(Namespace, string)>(new UnboundedChannelOptions { SingleReader = true });

    // Used by the loop alone.
    private readonly Dictionary<(Namespace Namespace, string Id), RestartBackoff> _known = [];

    /// <summary>Works until the token ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task hearing = HearAsync(cancellationToken);
        try
        {
            DateTimeOffset scan = time.GetUtcNow();
            while (true)
            {
                HashSet<(Namespace, string)> due = [];
                if (time.GetUtcNow() >= scan)
                {
                    due.UnionWith(await ListAsync(cancellationToken));
                    scan = time.GetUtcNow() + interval;
                }

                while (_news.Reader.TryRead(out (Namespace, string) news))
                {
                    due.Add(news);
                }

                due.UnionWith(_known.Where(known => known.Value.Due <= time.GetUtcNow()).Select(known => known.Key));
                foreach ((Namespace, string) key in due)
                {
                    _known.TryAdd(key, new RestartBackoff());
                }

                await Parallel.ForEachAsync(
                    due,
                    new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                    async (key, token) => await TryMindAsync(key.Item1, key.Item2, token));
                DateTimeOffset next = _known.Values.Select(known => known.Due).OfType<DateTimeOffset>().Append(scan).Min();
                await WaitAsync(next, cancellationToken);
            }
        }
        finally
        {
            await hearing;
        }
    }

    private async Task WaitAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        TimeSpan pause = until - time.GetUtcNow();
        if (pause <= TimeSpan.Zero)
        {
            return;
        }

        using CancellationTokenSource limit = new(pause, time);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _news.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is time.
            return;
        }
    }

    private async Task HearAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (EventEnvelope envelope in events.Subscribe(Topics, cancellationToken))
                {
                    if (IdOf(envelope) is { } id)
                    {
                        _news.Writer.TryWrite((envelope.Namespace, id));
                    }
                }
            }
            catch (GantryException failure) when (failure.Kind is ErrorKind.ResourceExhausted)
            {
                // Too far behind: the next look at all containers sees what was missed.
                continue;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The container that an event concerns; null when it can't be one of those that are minded.</summary>
    private static string? IdOf(EventEnvelope envelope) => envelope.Topic switch
    {
        Events.EventTopic.TaskExit when TypeUrl.TryUnpack(envelope.Event, out TaskExit? exit) && exit.Id == exit.ContainerId =>
            exit.ContainerId,
        UpdateTopic when TypeUrl.TryUnpack(envelope.Event, out ContainerUpdate? update)
            && update.Labels.ContainsKey(RestartLabels.Status) => update.Id,
        _ => null,
    };

    private async Task<HashSet<(Namespace, string)>> ListAsync(CancellationToken cancellationToken)
    {
        HashSet<(Namespace, string)> found = [];
        foreach (NamespaceInfo ns in await metadata.Namespaces.ListAsync([], cancellationToken))
        {
            foreach (ContainerRecord container in await metadata.In(ns.Name).Containers.ListAsync(Labelled, cancellationToken))
            {
                found.Add((ns.Name, container.Id));
            }
        }

        foreach ((Namespace, string) gone in _known.Keys.Where(key => !found.Contains(key)).ToList())
        {
            _known.Remove(gone);
        }

        return found;
    }

    private async Task TryMindAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(ns, id, cancellationToken) is { } container)
            {
                await MindAsync(ns, container, cancellationToken);
            }
            else
            {
                _known[(ns, id)].Runs();
            }
        }
        catch (Exception failure) when (failure is GantryException or IOException)
        {
            logger.RestartFailed(ns.ToString(), id, failure);
            _known[(ns, id)].Tried(time.GetUtcNow());
        }
    }

    private async Task<ContainerRecord?> FindAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await metadata.In(ns).Containers.GetAsync(id, cancellationToken);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task MindAsync(Namespace ns, ContainerRecord container, CancellationToken cancellationToken)
    {
        string id = container.Id;
        string wanted = container.Labels.GetValueOrDefault(RestartLabels.Status, "");
        ProcessState? state = wanted.Length > 0 ? await StateAsync(ns, id, cancellationToken) : null;
        bool ended = state is null or { Status: ProcessStatus.Stopped };
        if (wanted == RestartLabels.Stopped && !ended)
        {
            await tasks.KillAsync(ns, id, "", Signals.SIGKILL, all: true, cancellationToken);
            await tasks.WaitAsync(ns, id, "", cancellationToken);
            await tasks.DeleteAsync(ns, id, cancellationToken);
            logger.Stopped(ns.ToString(), id);
        }

        RestartBackoff backoff = _known[(ns, id)];
        if (wanted != RestartLabels.Running || !ended || !Wants(ns, container, state)
            || (state is null && time.GetUtcNow() - container.CreatedAt < Young))
        {
            backoff.Runs();
            return;
        }

        backoff.Ended(time.GetUtcNow(), atOnce: state is null);
        if (backoff.Due <= time.GetUtcNow())
        {
            await RestartAsync(ns, container, state, cancellationToken);
            backoff.Tried(time.GetUtcNow());
        }
    }

    private bool Wants(Namespace ns, ContainerRecord container, ProcessState? state)
    {
        string text = container.Labels.GetValueOrDefault(RestartLabels.Policy, "");
        if (RestartPolicy.TryParse(text, out RestartPolicy? policy))
        {
            return policy.Wants(state?.ExitStatus ?? 0, container.Labels);
        }

        logger.PolicyUnknown(ns.ToString(), container.Id, text);
        return false;
    }

    private async Task<ProcessState?> StateAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await tasks.GetAsync(ns, id, "", cancellationToken);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Removes the task that has ended, counts, and makes and starts another.</summary>
    private async Task RestartAsync(
        Namespace ns, ContainerRecord container, ProcessState? state, CancellationToken cancellationToken)
    {
        if (state is not null)
        {
            await tasks.DeleteAsync(ns, container.Id, cancellationToken);
        }

        int count = RestartPolicy.CountOf(container.Labels) + 1;
        await CountAsync(ns, container, count, cancellationToken);
        INamespaceScope scope = metadata.In(ns);
        IReadOnlyList<Mount> rootfs = container.SnapshotKey.Length == 0
            ? []
            : await scope.Snapshots(container.Snapshotter).MountsAsync(container.SnapshotKey, cancellationToken);
        TaskCreation creation = TaskCreation.Of(container) with { RootFilesystem = rootfs, Io = IoOf(container) };
        await tasks.CreateAsync(ns, creation, cancellationToken);
        await tasks.StartAsync(ns, container.Id, "", cancellationToken);
        logger.Restarted(ns.ToString(), container.Id, count);
    }

    private async Task CountAsync(Namespace ns, ContainerRecord container, int count, CancellationToken cancellationToken)
    {
        ContainerRecord change = new(container.Id)
        {
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [RestartLabels.Count] = count.ToString(CultureInfo.InvariantCulture),
            },
        };
        ContainerRecord changed = await metadata.In(ns).Containers.UpdateAsync(
            change, new FieldMask(["labels." + RestartLabels.Count]), cancellationToken);
        ContainerUpdate told = new() { Id = changed.Id, Image = changed.Image, SnapshotKey = changed.SnapshotKey };
        foreach ((string key, string value) in changed.Labels)
        {
            told.Labels[key] = value;
        }

        await events.PublishAsync(ns, UpdateTopic, TypeUrl.Pack(told), cancellationToken);
    }

    private static TaskIo IoOf(ContainerRecord container)
    {
        string uri = container.Labels.GetValueOrDefault(RestartLabels.LogUri, "");
        bool terminal = HasTerminal(container);
        return new TaskIo("", uri, terminal ? "" : uri, terminal);
    }

    private static bool HasTerminal(ContainerRecord container)
    {
        try
        {
            return container.Spec is { } spec && RuntimeSpecJson.ReadSpec(spec.Value.Span).Process?.Terminal is true;
        }
        catch (FormatException)
        {
            // What is wrong with the spec is for the OCI runtime to say.
            return false;
        }
    }
}
