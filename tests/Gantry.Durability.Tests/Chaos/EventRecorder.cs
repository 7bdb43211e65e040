using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Durability.Tests.Chaos;

/// <summary>Writes down what one daemon after another tells of tasks.</summary>
internal sealed class EventRecorder(string socket, Namespace ns) : IAsyncDisposable
{
    private const string Marker = "/chaos/marker";

    private readonly Lock _gate = new();
    private readonly List<ToldEvent> _told = [];
    private GantryClient? _client;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private TaskCompletionSource _marked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to listen to a daemon that has just started.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await EndAsync();
        _stop = new CancellationTokenSource();
        _client = new GantryClient(new GantryClientOptions { SocketPath = socket });
        _running = RecordAsync(_client.Events.Subscribe([$"namespace=={ns}"], _stop.Token));
        await SyncAsync(cancellationToken);
    }

    /// <summary>Returns when all that was told so far is written down.</summary>
    public async Task SyncAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource marked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                _marked = marked;
            }

            await _client!.Events.PublishAsync(ns, Marker, new TypedBytes("chaos", default), cancellationToken);
            try
            {
                // The subscription may begin after the first marker.
                await marked.Task.WaitAsync(TimeSpan.FromSeconds(1), cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                continue;
            }
        }
    }

    /// <summary>What was told of a container, in its order.</summary>
    public IReadOnlyList<ToldEvent> Of(string id)
    {
        lock (_gate)
        {
            return [.. _told.Where(told => told.ContainerId == id)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stop.Dispose();
    }

    private async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _client?.Dispose();
    }

    private async Task RecordAsync(IAsyncEnumerable<EventEnvelope> events)
    {
        try
        {
            await foreach (EventEnvelope envelope in events)
            {
                lock (_gate)
                {
                    if (envelope.Topic == Marker)
                    {
                        _marked.TrySetResult();
                    }
                    else if (Read(envelope) is { } told)
                    {
                        _told.Add(told);
                    }
                }
            }
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or IOException)
        {
            // The daemon is gone, or the round is over.
            return;
        }
    }

    private static ToldEvent? Read(EventEnvelope envelope) => envelope.Topic switch
    {
        "/tasks/exit" when TypeUrl.TryUnpack(envelope.Event, out TaskExit? exit) =>
            new ToldEvent(envelope.Topic, exit.ContainerId, exit.Id == exit.ContainerId ? "" : exit.Id),
        "/tasks/delete" when TypeUrl.TryUnpack(envelope.Event, out TaskDelete? deletion) =>
            new ToldEvent(
                envelope.Topic, deletion.ContainerId, deletion.Id == deletion.ContainerId ? "" : deletion.Id),
        "/tasks/create" when TypeUrl.TryUnpack(envelope.Event, out TaskCreate? creation) =>
            new ToldEvent(envelope.Topic, creation.ContainerId, ""),
        "/tasks/start" when TypeUrl.TryUnpack(envelope.Event, out TaskStart? start) =>
            new ToldEvent(envelope.Topic, start.ContainerId, ""),
        "/tasks/oom" when TypeUrl.TryUnpack(envelope.Event, out TaskOOM? oom) =>
            new ToldEvent(envelope.Topic, oom.ContainerId, ""),
        _ => null,
    };
}
