using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Client.Internal;

/// <summary>
/// The answer to a call: messages, and at the end a status in the trailers. An answer without any message may carry the
/// status among its headers.
/// </summary>
internal sealed class RpcResponse : IDisposable
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    private readonly HttpResponseMessage _http;
    private readonly Stream _body;
    private bool _ended;

    private RpcResponse(HttpResponseMessage http, Stream body)
    {
        _http = http;
        _body = body;
    }

    /// <summary>Takes the answer that has begun to come in.</summary>
    /// <exception cref="GantryException">It is an error at once.</exception>
    public static async Task<RpcResponse> OpenAsync(HttpResponseMessage http, CancellationToken cancellationToken)
    {
        try
        {
            if (http.StatusCode != HttpStatusCode.OK)
            {
                throw new GantryException(
                    ErrorKind.Unavailable,
                    $"the other side is no daemon: it answers with HTTP status {(int)http.StatusCode}");
            }

            if (Status(http.Headers) is { } status)
            {
                ThrowUnlessOk(status, http.Headers);
            }

            Stream body = await http.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return new RpcResponse(http, body);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next message into one that is empty; false when the call has ended well.</summary>
    /// <exception cref="GantryException">The call has failed.</exception>
    public async Task<bool> ReadAsync(IMessage message, CancellationToken cancellationToken)
    {
        if (_ended)
        {
            return false;
        }

        if (await RpcFrame.ReadAsync(_body, message, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        _ended = true;
        HttpHeaders trailers = Status(_http.Headers) is null ? _http.TrailingHeaders : _http.Headers;
        ThrowUnlessOk(
            Status(trailers) ?? throw new GantryException(ErrorKind.Internal, "the answer ended without a status"),
            trailers);
        return false;
    }

    public void Dispose()
    {
        _body.Dispose();
        _http.Dispose();
    }

    private static StatusCode? Status(HttpHeaders headers) =>
        First(headers, StatusHeader) is { } text
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code)
                ? (StatusCode)code
                : StatusCode.Unknown
            : null;

    private static void ThrowUnlessOk(StatusCode status, HttpHeaders headers)
    {
        if (status is not StatusCode.OK)
        {
            string detail = Uri.UnescapeDataString(First(headers, MessageHeader) ?? "");
            throw ErrorMapping.FromRpcException(new RpcException(new Status(status, detail), Details(headers)));
        }
    }

    private static Metadata Details(HttpHeaders headers)
    {
        if (First(headers, ErrorMapping.DetailsTrailer) is not { } text)
        {
            return Metadata.Empty;
        }

        // Base64 in headers of gRPC may lack its padding.
        string padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out int length)
            ? [new Metadata.Entry(ErrorMapping.DetailsTrailer, bytes[..length])]
            : Metadata.Empty;
    }

    private static string? First(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;
}
