using System.Globalization;
using System.Net.Sockets;
using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Grpc.Core;
using Grpc.Net.Client;

namespace Gantry.Client.Internal;

/// <summary>The channel to a daemon, and how its failures become errors.</summary>
internal sealed class Connection : IDisposable
{
    private const string NamespaceHeader = "containerd-namespace";
    private const string LeaseHeader = "containerd-lease";

    private readonly GantryClientOptions _options;
    private readonly GrpcChannel _channel;
    private readonly string _path;
    private volatile string? _connectError;

    public Connection(GantryClientOptions options)
    {
        _options = options;
        _path = options.SocketPath.StartsWith("unix://", StringComparison.Ordinal)
            ? options.SocketPath["unix://".Length..]
            : options.SocketPath;
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = ConnectAsync,
                EnableMultipleHttp2Connections = true,
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = GantryClientOptions.MaxMessageBytes,
            MaxSendMessageSize = GantryClientOptions.MaxMessageBytes,
            ThrowOperationCanceledOnCancellation = true,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    /// <summary>The headers that say which namespace and lease a call is for.</summary>
    public static Metadata Headers(Namespace ns, string? leaseId)
    {
        Metadata headers = new() { { NamespaceHeader, ns.ToString() } };
        if (!string.IsNullOrEmpty(leaseId))
        {
            headers.Add(LeaseHeader, leaseId);
        }

        return headers;
    }

    /// <summary>Awaits the answer of a call.</summary>
    public async Task<T> UnaryAsync<T>(AsyncUnaryCall<T> call)
    {
        using (call)
        {
            try
            {
                return await call.ResponseAsync.ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                throw Translate(e);
            }
        }
    }

    /// <summary>Awaits the next answer of a stream; false at its end.</summary>
    public async Task<bool> NextAsync<T>(IAsyncStreamReader<T> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Translate(e);
        }
    }

    /// <summary>The error that a failed call stands for.</summary>
    public GantryException Translate(RpcException exception)
    {
        if (exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unknown
            && exception.Status.DebugException is { } cause)
        {
            // The call did not fail in the daemon but on the way to it.
            string detail = _connectError ?? $"connection to {_path}: {Innermost(cause).Message}";
            return new GantryException(ErrorKind.Unavailable, detail, exception);
        }

        return ErrorMapping.FromRpcException(exception);
    }

    public void Dispose() => _channel.Dispose();

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }

    private async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.ConnectTimeout);
        try
        {
            await socket.ConnectAsync(EndPoint(), limit.Token).ConfigureAwait(false);
            _connectError = null;
            return new AnsweringStream(
                new NetworkStream(socket, ownsSocket: true),
                _options.ConnectTimeout,
                () => ConnectFailed(Silence("no answer"), null));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw ConnectFailed(Describe(e), e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw ConnectFailed(Silence("not accepted"), e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private UnixDomainSocketEndPoint EndPoint()
    {
        try
        {
            return new UnixDomainSocketEndPoint(_path);
        }
        catch (ArgumentException e)
        {
            throw ConnectFailed("no usable path of a socket", e);
        }
    }

    private string Silence(string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} in {_options.ConnectTimeout.TotalSeconds:0.###} s");

    private IOException ConnectFailed(string reason, Exception? inner)
    {
        _connectError = $"connect {_path}: {reason}";
        return new IOException(_connectError, inner);
    }

    private string Describe(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused: no daemon listens there",
        SocketError.AddressNotAvailable => "no such socket: is the daemon running?",
        SocketError.AccessDenied => "permission denied",
        _ when !File.Exists(_path) => "no such socket: is the daemon running?",
        _ => exception.Message,
    };
}
