using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Core.Tracing;
using Google.Protobuf;

namespace Gantry.Client.Internal;

/// <summary>
/// Calls of gRPC to a daemon, over HTTP/2 on its Unix socket, and how their failures become errors.
/// </summary>
/// <remarks>
/// The stubs that the generator makes are not used: they call through generic virtual methods, which a program compiled
/// ahead of time can only bind while it runs, and that took longer than all else that a command line does. What is left
/// of gRPC for a client that neither compresses nor balances is a frame and a status.
/// </remarks>
internal sealed class Connection : IDisposable
{
    private const int StreamWindowBytes = 1 << 20;
    private const string EndedInCall = "it ended in the middle of a call: is the daemon still running?";

    private readonly GantryClientOptions _options;
    private readonly HttpMessageInvoker _http;
    private readonly string _path;
    private volatile string? _connectError;

    public Connection(GantryClientOptions options)
    {
        _options = options;
        _path = options.SocketPath.StartsWith("unix://", StringComparison.Ordinal)
            ? options.SocketPath["unix://".Length..]
            : options.SocketPath;
        _http = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = ConnectAsync,
                EnableMultipleHttp2Connections = true,
                InitialHttp2StreamWindowSize = StreamWindowBytes,
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            },
            disposeHandler: true);
    }

    /// <summary>Makes a call with one message and one answer.</summary>
    /// <param name="path">The service and method, <c>/containerd.services.images.v1.Images/Get</c>.</param>
    /// <param name="request">The message.</param>
    /// <param name="response">An empty message for the answer.</param>
    /// <param name="headers">What the call is for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task CallAsync(
        string path,
        IMessage request,
        IMessage response,
        RpcHeaders headers,
        CancellationToken cancellationToken) =>
        TranslateAsync(() => CallCoreAsync(path, request, response, headers, cancellationToken), cancellationToken);

    /// <summary>Makes a call with one message and many answers.</summary>
    /// <param name="path">The service and method.</param>
    /// <param name="request">The message.</param>
    /// <param name="headers">What the call is for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public RpcReader Read(string path, IMessage request, RpcHeaders headers, CancellationToken cancellationToken)
    {
        CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return new RpcReader(this, SendAsync(path, request, headers, cancel.Token), cancel);
    }

    /// <summary>Makes a call with many messages both ways.</summary>
    /// <param name="path">The service and method.</param>
    /// <param name="headers">What the call is for.</param>
    public RpcDuplex Open(string path, RpcHeaders headers)
    {
        CancellationTokenSource cancel = new();
        DuplexContent content = new();
        return new RpcDuplex(this, content, SendAsync(Request(path, headers, content), cancel.Token), cancel);
    }

    /// <summary>Does something with a call, and turns what goes wrong on the way into an error of the contract.</summary>
    public async Task<bool> TranslateAsync(Func<Task<bool>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Canceled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (Exception e) when (IsTransport(e)
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A connection that breaks while a message is being sent ends the sending as if somebody had given it up.
            cancellationToken.ThrowIfCancellationRequested();
            string detail = _connectError ?? $"connection to {_path}: {Describe(Innermost(e))}";
            throw new GantryException(ErrorKind.Unavailable, detail, e);
        }
    }

    /// <summary>Whether an exception comes from the way to the daemon, not from the daemon.</summary>
    public static bool IsTransport(Exception exception) =>
        exception is HttpRequestException or IOException or ObjectDisposedException;

    /// <summary>Releases an answer, now or when it comes in.</summary>
    public static void DisposeWhenDone(Task<RpcResponse> response) =>
        _ = response.ContinueWith(
            static done =>
            {
                if (done.IsCompletedSuccessfully)
                {
                    done.GetAwaiter().GetResult().Dispose();
                }

                // A failure was told to whoever read, or nobody wanted to know.
                _ = done.Exception;
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(string path, RpcHeaders headers, HttpContent content)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "http://localhost" + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        headers.AddTo(request);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } parent })
        {
            request.Headers.TryAddWithoutValidation(Traces.Header, parent);
        }

        return request;
    }

    /// <summary>What broke a connection. A program without the library's texts would show their keys.</summary>
    private static string Describe(Exception exception) => exception switch
    {
        SocketException
        {
            SocketErrorCode: SocketError.Shutdown or SocketError.ConnectionReset or SocketError.ConnectionAborted,
        } => EndedInCall,
        SocketException or GantryException => exception.Message,
        HttpProtocolException protocol => string.Create(
            CultureInfo.InvariantCulture, $"the call was broken off with HTTP/2 error {protocol.ErrorCode}"),
        ObjectDisposedException => "the client is closed",
        _ => EndedInCall,
    };

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }

    private async Task<bool> CallCoreAsync(
        string path,
        IMessage request,
        IMessage response,
        RpcHeaders headers,
        CancellationToken cancellationToken)
    {
        using Activity? span = Traces.StartClient(path);
        using RpcResponse answer = await SendAsync(path, request, headers, cancellationToken).ConfigureAwait(false);
        if (!await answer.ReadAsync(response, cancellationToken).ConfigureAwait(false))
        {
            throw new GantryException(ErrorKind.Internal, $"{path}: the daemon sent no answer");
        }

        // The status comes after the message.
        await answer.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<RpcResponse> SendAsync(
        string path,
        IMessage message,
        RpcHeaders headers,
        CancellationToken cancellationToken)
    {
        (byte[] frame, int length) = RpcFrame.Encode(message, rent: false);
        using ByteArrayContent content = new(frame, 0, length);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return await SendAsync(Request(path, headers, content), cancellationToken).ConfigureAwait(false);
    }

    private async Task<RpcResponse> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage http = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return await RpcResponse.OpenAsync(http, cancellationToken).ConfigureAwait(false);
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
        SocketError.AccessDenied => "permission denied",
        _ when !File.Exists(_path) => "no such socket: is the daemon running?",
        _ => exception.Message,
    };
}
