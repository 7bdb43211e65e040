using System.Threading.Channels;
using Gantry.Api;
using Gantry.Api.Mapping;
using Gantry.Api.Types;
using Gantry.Shim.Logging;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Shim.Events;

/// <summary>
/// Sends events to the daemon in the order of their making, each until it is delivered: the daemon may be away for as long
/// as an upgrade takes. When too many wait, the oldest that is not an exit makes room.
/// </summary>
internal sealed class EventPublisher(string ns, IEventSink sink, ShimLog log, TimeProvider time)
{
    private const int QueueLimit = 2048;

    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Guards the queue.</summary>
    private readonly Lock _gate = new();
    private readonly LinkedList<Envelope> _queue = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Completes when a pause is to end early.</summary>
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many events are not delivered yet.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Puts an event into the queue.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="typeName">The full name of its type.</param>
    /// <param name="message">The event.</param>
    public void Publish(string topic, string typeName, IMessage message)
    {
        Envelope envelope = new()
        {
            Timestamp = time.GetUtcNow().ToMessage(),
            Namespace = ns,
            Topic = topic,
            Event = TypeUrl.PackAny(typeName, message),
        };
        lock (_gate)
        {
            if (_queue.Count >= QueueLimit)
            {
                MakeRoom();
            }

            _queue.AddLast(envelope);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Takes no more events; <see cref="RunAsync"/> ends when those there are have been delivered.</summary>
    public void Complete()
    {
        _wake.Writer.TryComplete();
        Hurry();
    }

    /// <summary>Tries again at once what could not be delivered: the daemon is known to be there.</summary>
    public void Hurry()
    {
        TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _hurry, next).SetResult();
    }

    /// <summary>Delivers events until <see cref="Complete"/>.</summary>
    /// <param name="cancellationToken">Gives up what is not delivered yet.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool open = true;
        while (open)
        {
            open = await _wake.Reader.WaitToReadAsync(cancellationToken);
            _wake.Reader.TryRead(out _);
            while (Peek() is { } envelope)
            {
                await DeliverAsync(envelope, cancellationToken);
                lock (_gate)
                {
                    _queue.Remove(envelope);
                }
            }
        }
    }

    private Envelope? Peek()
    {
        lock (_gate)
        {
            return _queue.First?.Value;
        }
    }

    private void MakeRoom()
    {
        for (LinkedListNode<Envelope>? node = _queue.First?.Next; node is not null; node = node.Next)
        {
            if (node.Value.Topic != TaskTopics.Exit)
            {
                log.Warning($"too many events wait: dropped {node.Value.Topic}");
                _queue.Remove(node);
                return;
            }
        }
    }

    private async Task DeliverAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(DeliveryLimit);
            try
            {
                await sink.DeliverAsync(envelope, limit.Token);
                return;
            }
            catch (EventRefusedException e)
            {
                log.Error($"the daemon refused {envelope.Topic}", e);
                return;
            }
            catch (Exception e) when (IsTransient(e) && !cancellationToken.IsCancellationRequested)
            {
                log.Warning($"could not deliver {envelope.Topic}", e);
                if (e is OperationCanceledException)
                {
                    await sink.DisposeAsync();
                }
            }

            await Volatile.Read(ref _hurry).Task.WaitAsync(pause, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static bool IsTransient(Exception e) =>
        e is RpcException or IOException or System.Net.Sockets.SocketException or OperationCanceledException
            or Gantry.Core.Errors.GantryException;
}
