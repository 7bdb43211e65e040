using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Gantry.Core.Tracing;

namespace Gantry.Client.Tracing;

/// <summary>Sends spans to a collector by OTLP, over HTTP or gRPC.</summary>
public sealed class OtlpSender : IDisposable
{
    private const int PrefixLength = 5;
    private const int MaxAnswer = 64 << 10;
    private const string GrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly TraceSettings _settings;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Makes one; it connects when it sends.</summary>
    /// <param name="settings">Where to.</param>
    public OtlpSender(TraceSettings settings) => _settings = settings;

    /// <summary>Sends a batch.</summary>
    /// <param name="request">A message <c>ExportTraceServiceRequest</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">The collector was not reached, or refused.</exception>
    public async Task SendAsync(byte[] request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using HttpRequestMessage message = _settings.Grpc ? OverGrpc(request) : OverHttp(request);
        foreach ((string name, string value) in _settings.Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await _http.SendAsync(message, cancellationToken).ConfigureAwait(false);
        await PassOverAsync(response.Content, cancellationToken).ConfigureAwait(false);
        string? status = Trailer(response, "grpc-status");
        if (response.StatusCode is not HttpStatusCode.OK || (_settings.Grpc && status != "0"))
        {
            throw new HttpRequestException(
                $"{message.RequestUri}: status {(int)response.StatusCode}{(status is null ? "" : $", gRPC status {status}")}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Reads what is answered, behind which trailers may be; it says nothing that is of use here.</summary>
    private static async Task PassOverAsync(HttpContent content, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        Stream answer = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = answer.ConfigureAwait(false);
        int length = 0;
        int count;
        while ((count = await answer.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            length += count;
            if (length > MaxAnswer)
            {
                throw new HttpRequestException($"the collector's answer is larger than {MaxAnswer} bytes");
            }
        }
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? trailing) ? trailing.FirstOrDefault()
        : response.Headers.TryGetValues(name, out IEnumerable<string>? leading) ? leading.FirstOrDefault()
        : null;

    private HttpRequestMessage OverHttp(byte[] request) =>
        Message(_settings.Endpoint, request, "application/x-protobuf");

    private HttpRequestMessage OverGrpc(byte[] request)
    {
        byte[] frame = new byte[PrefixLength + request.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)request.Length);
        request.CopyTo(frame, PrefixLength);
        HttpRequestMessage message = Message(new Uri(_settings.Endpoint, GrpcPath), frame, "application/grpc");
        message.Version = HttpVersion.Version20;
        message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        message.Headers.TryAddWithoutValidation("te", "trailers");
        return message;
    }

    private static HttpRequestMessage Message(Uri address, byte[] body, string type)
    {
        ByteArrayContent content = new(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
    }
}
