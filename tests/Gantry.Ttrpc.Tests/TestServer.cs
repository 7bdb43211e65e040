using System.Net.Sockets;
using System.Threading.Channels;
using Gantry.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Ttrpc.Tests;

/// <summary>A server on a socket of its own, whose handlers a test may replace before the first call.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener;
    private readonly TtrpcServer _server;

    public TestServer(TtrpcServerOptions? options = null)
    {
        _server = new TtrpcServer((options ?? new TtrpcServerOptions()) with
        {
            ConnectionFailed = (_, failure) => Failures.Writer.TryWrite(failure),
        });
        _server.AddService(TestMethods.Unary.ServiceName, binder =>
        {
            binder.AddMethod(TestMethods.Unary, (request, context) => Unary(request, context));
            binder.AddMethod(TestMethods.Collect, (requests, context) => Collect(requests, context));
            binder.AddMethod(TestMethods.Spread, (request, answers, context) => Spread(request, answers, context));
            binder.AddMethod(TestMethods.Chat, (requests, answers, context) => Chat(requests, answers, context));
        });
        _listener = TtrpcAddress.Parse(Path).Listen();
        Running = _server.RunAsync(_listener, _stop.Token);
    }

    public string Path => _directory["s.sock"];

    public Task Running { get; }

    /// <summary>Why connections failed, in order.</summary>
    public Channel<Exception> Failures { get; } = Channel.CreateUnbounded<Exception>();

    public UnaryServerMethod<BytesValue, BytesValue> Unary { get; set; } =
        (request, _) => Task.FromResult(request);

    public ClientStreamingServerMethod<BytesValue, BytesValue> Collect { get; set; } = async (requests, context) =>
    {
        List<string> texts = [];
        while (await requests.MoveNext(context.CancellationToken))
        {
            texts.Add(requests.Current.Text());
        }

        return TestMethods.Bytes(string.Join(',', texts));
    };

    public ServerStreamingServerMethod<BytesValue, BytesValue> Spread { get; set; } = async (request, answers, _) =>
    {
        foreach (string text in request.Text().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            await answers.WriteAsync(TestMethods.Bytes(text));
        }
    };

    public DuplexStreamingServerMethod<BytesValue, BytesValue> Chat { get; set; } = async (requests, answers, context) =>
    {
        while (await requests.MoveNext(context.CancellationToken))
        {
            await answers.WriteAsync(TestMethods.Bytes($"re: {requests.Current.Text()}"));
        }
    };

    public Task<TtrpcClient> ConnectAsync(CancellationToken cancellationToken) =>
        TtrpcClient.ConnectAsync(Path, cancellationToken);

    /// <summary>A connection that speaks bytes.</summary>
    public async Task<RawPeer> ConnectRawAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken);
        return new RawPeer(socket);
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Running;
        await _server.DisposeAsync();
        _listener.Dispose();
        _stop.Dispose();
        _directory.Dispose();
    }
}
