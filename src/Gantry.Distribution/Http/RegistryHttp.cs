using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gantry.Core.Errors;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Gantry.Distribution.Http;

/// <summary>
/// Makes one request and tries it again where that helps: on 408, 429 and 5xx, on a broken connection and on silence.
/// It follows no redirect and knows no credentials.
/// </summary>
internal sealed class RegistryHttp : IDisposable
{
    private const int MaxConnectionsPerHost = 32;

    private static readonly ResiliencePropertyKey<string> UrlKey = new("url");

    private readonly HttpClient _client;
    private readonly ClientIdentity _identity;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;
    private readonly RegistryOptions _options;
    private readonly ILogger _logger;

    public RegistryHttp(RegistryOptions options, ClientIdentity identity, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _identity = identity;
        _client = new HttpClient(CreateHandler(options, identity)) { Timeout = Timeout.InfiniteTimeSpan };
        _pipeline = CreatePipeline();
    }

    /// <summary>Sends a request; returns as soon as the headers of the answer are here, whatever its status.</summary>
    /// <param name="make">Makes the request; called once for each attempt.</param>
    /// <param name="once">True for a single attempt.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Unavailable: no answer at all.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<CancellationToken, Task<HttpRequestMessage>> make,
        bool once,
        CancellationToken cancellationToken)
    {
        (string method, string url) = ("", "");
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            return await (once ? ResiliencePipeline<HttpResponseMessage>.Empty : _pipeline).ExecuteAsync(
                async inner =>
                {
                    using HttpRequestMessage request = await make(inner.CancellationToken);
                    (method, url) = (request.Method.Method, Shown(request.RequestUri!));
                    inner.Properties.Set(UrlKey, url);
                    request.Headers.UserAgent.TryParseAdd(_options.UserAgent);
                    HttpResponseMessage response = await SendOnceAsync(request, inner.CancellationToken);
                    _logger.Answered(method, url, (int)response.StatusCode);
                    return response;
                },
                context);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"failed to do request: {method} \"{url}\": {Reason(e)}", e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>A URL as it may be shown: without its query, which may hold a signature.</summary>
    public static string Shown(Uri uri) => uri.GetLeftPart(UriPartial.Path);

    /// <summary>Sends a request that has no body or a small one.</summary>
    /// <param name="make">Makes the request; called once for each attempt.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Unavailable: no answer at all.</exception>
    public Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken) =>
        SendAsync(_ => Task.FromResult(make()), once: false, cancellationToken);

    /// <summary>What went wrong, in few words.</summary>
    public static string Reason(Exception e)
    {
        Exception deepest = e;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => "no such host",
            SocketException { SocketErrorCode: SocketError.TryAgain } => "name server does not answer",
            SocketException { SocketErrorCode: SocketError.ConnectionReset } => "connection reset by peer",
            AuthenticationException tls => "tls: " + InWords(tls.Message, "handshake failed"),
            HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "unexpected EOF",
            _ => InWords(deepest.Message, "connection broken"),
        };
    }

    // A build for size has names of messages in place of the framework's messages; a name has no space.
    private static string InWords(string message, string otherwise) =>
        message.Contains(' ', StringComparison.Ordinal) ? message : otherwise;

    public void Dispose()
    {
        _client.Dispose();
        _identity.Dispose();
    }

    private static SocketsHttpHandler CreateHandler(RegistryOptions options, ClientIdentity identity)
    {
        TrustPolicy policy = new(options.CaFiles, options.SkipVerify);
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            MaxConnectionsPerServer = MaxConnectionsPerHost,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            Proxy = new LoopbackDirectProxy(HttpClient.DefaultProxy),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = policy.Validate,
                LocalCertificateSelectionCallback = identity.IsEmpty
                    ? null
                    : (_, target, _, _, issuers) => identity.Choose(target, issuers)!,
            },
        };
    }

    private static bool IsTransient(Exception? e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } secure =>
            secure.InnerException is IOException,
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => true,
        HttpRequestException { InnerException: SocketException s } =>
            s.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.TimedOut
                or SocketError.TryAgain or SocketError.NetworkReset,
        HttpRequestException { InnerException: IOException } => true,
        IOException or TimeoutException => true,
        _ => false,
    };

    private static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || ((int)status >= 500 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported));

    private ResiliencePipeline<HttpResponseMessage> CreatePipeline()
    {
        ResiliencePipelineBuilder<HttpResponseMessage> builder = new() { TimeProvider = _options.Time };
        if (_options.MaxAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = _options.MaxAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = _options.RetryDelay,
                MaxDelay = _options.MaxRetryAfter,
                ShouldHandle = args => ValueTask.FromResult(ShouldRetry(args.Outcome)),
                DelayGenerator = args => ValueTask.FromResult(
                    args.Outcome.Result is { } response ? RetryAfter(response) : null),
                OnRetry = args =>
                {
                    _logger.Retrying(
                        args.Context.Properties.GetValue(UrlKey, ""),
                        args.Outcome.Exception is { } e ? Reason(e) : $"status {(int)args.Outcome.Result!.StatusCode}",
                        args.AttemptNumber + 2,
                        args.RetryDelay);
                    return default;
                },
            });
        }

        return builder.Build();
    }

    private bool ShouldRetry(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result is { } response
            ? IsTransient(response.StatusCode) && !(RetryAfter(response) > _options.MaxRetryAfter)
            : IsTransient(outcome.Exception);

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _options.Time.GetUtcNow(),
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource silence = new(_options.ConnectTimeout + _options.IdleTimeout, _options.Time);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        if (request.Content is UploadContent upload)
        {
            upload.Progressed = () => silence.CancelAfter(_options.IdleTimeout);
        }

        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("no answer in time", e);
        }
    }
}
