using System.Text;
using System.Threading.Channels;
using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Grpc.Core;

namespace Gantry.Compat.Tests;

/// <summary>The events of the tasks and sandboxes of a namespace, as a daemon tells them.</summary>
internal sealed class EventWatch : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Channel<Envelope> _events = Channel.CreateUnbounded<Envelope>();
    private readonly AsyncServerStreamingCall<Envelope> _call;

    private EventWatch(AsyncServerStreamingCall<Envelope> call)
    {
        _call = call;
    }

    /// <summary>Subscribes, and returns when the daemon tells.</summary>
    public static async Task<EventWatch> StartAsync(CallInvoker invoker, string ns, CancellationToken cancellationToken)
    {
        SubscribeRequest request = new();
        request.Filters.Add($"namespace=={ns},topic~=^/(tasks|sandboxes)/");
        request.Filters.Add($"namespace=={ns}-begin");
        Events.EventsClient client = new(invoker);
        EventWatch watch = new(client.Subscribe(request, cancellationToken: cancellationToken));
        _ = watch.ReadAsync();
        while (!watch._events.Reader.TryRead(out _))
        {
            await client.PublishAsync(
                new PublishRequest { Topic = "/begin", Event = new Google.Protobuf.WellKnownTypes.Any { TypeUrl = "begin" } },
                new Metadata { { "containerd-namespace", ns + "-begin" } },
                cancellationToken: cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }

        return watch;
    }

    /// <summary>The next events, one a line; fewer when they do not come.</summary>
    public async Task<string> NextAsync(int count)
    {
        StringBuilder text = new();
        using CancellationTokenSource limit = new(Limit);
        for (int i = 0; i < count;)
        {
            try
            {
                Envelope envelope = await _events.Reader.ReadAsync(limit.Token);
                if (envelope.Topic != "/begin")
                {
                    text.Append("\n    ").Append(envelope.Topic).Append(' ').Append(ProtoText.Show(envelope.Event));
                    i++;
                }
            }
            catch (OperationCanceledException)
            {
                return text.Append("\n    no more came").ToString();
            }
        }

        return text.ToString();
    }

    public void Dispose() => _call.Dispose();

    private async Task ReadAsync()
    {
        try
        {
            await foreach (Envelope envelope in _call.ResponseStream.ReadAllAsync())
            {
                await _events.Writer.WriteAsync(envelope);
            }
        }
        catch (RpcException e)
        {
            // It ends with the call, or with the daemon.
            _events.Writer.TryComplete(e);
        }
    }
}
