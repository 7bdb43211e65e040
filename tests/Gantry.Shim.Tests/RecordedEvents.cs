using System.Net.Sockets;
using Gantry.Api.Services.EventsTtrpc;
using Gantry.Api.Types;
using Gantry.Ttrpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tests;

/// <summary>The part of a daemon that takes the events of shims.</summary>
internal sealed class RecordedEvents : Gantry.Api.Services.EventsTtrpc.Events.EventsBase, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Envelope> _events = [];
    private readonly List<(Func<bool> Done, TaskCompletionSource Told)> _waiters = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TtrpcServer _server = new();
    private readonly Task _running;
    private readonly Socket _listener;

    public RecordedEvents(string socketPath)
    {
        File.Delete(socketPath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        _listener.Listen(16);
        _server.AddService(
            "containerd.services.events.ttrpc.v1.Events",
            binder => Gantry.Api.Services.EventsTtrpc.Events.BindService(binder, this));
        _running = _server.RunAsync(_listener, _stop.Token);
    }

    public string[] Topics
    {
        get
        {
            lock (_gate)
            {
                return [.. _events.Select(e => e.Topic)];
            }
        }
    }

    /// <summary>Which processes have ended, in the order in which that was told.</summary>
    public string[] ExitIds
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _events.Where(e => e.Topic == "/tasks/exit")
                        .Select(e => Gantry.Api.Events.TaskExit.Parser.ParseFrom(e.Event.Value).Id),
                ];
            }
        }
    }

    public override Task<Empty> Forward(ForwardRequest request, ServerCallContext context)
    {
        lock (_gate)
        {
            _events.Add(request.Envelope);
            foreach ((Func<bool> done, TaskCompletionSource told) in _waiters)
            {
                if (done())
                {
                    told.TrySetResult();
                }
            }
        }

        return Task.FromResult(new Empty());
    }

    /// <summary>Waits until a topic has been seen so many times.</summary>
    public async Task WaitForAsync(string topic, int count, CancellationToken cancellationToken)
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_events.Count(e => e.Topic == topic) >= count)
            {
                return;
            }

            _waiters.Add((() => _events.Count(e => e.Topic == topic) >= count, told));
        }

        await told.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(_ => { }, TaskScheduler.Default);
        await _server.DisposeAsync();
        _listener.Dispose();
        _stop.Dispose();
    }
}
