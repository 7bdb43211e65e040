using System.Globalization;
using System.Net;
using Gantry.Core.Errors;
using Gantry.Distribution.Http;
using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Push;

/// <summary>
/// Brings the bytes of one blob into a repository (distribution-spec, Push): in one request, or in chunks if that is
/// asked for or the registry takes no body so large. After a broken connection it asks the registry how much it has and
/// goes on from there; a registry that cannot tell is sent all again.
/// </summary>
/// <param name="send">Sends a request to the registry.</param>
/// <param name="repository">The path of the repository.</param>
/// <param name="scope">The scopes that this needs.</param>
/// <param name="descriptor">The blob.</param>
/// <param name="open">Opens the blob at an offset.</param>
/// <param name="sent">Is told how many bytes the registry may have; null for nobody.</param>
/// <param name="options">Limits.</param>
/// <param name="logger">Where broken connections are told.</param>
internal sealed class BlobUpload(
    Func<RegistryRequest, CancellationToken, Task<HttpResponseMessage>> send,
    string repository,
    string scope,
    Descriptor descriptor,
    Func<long, CancellationToken, Task<Stream>> open,
    Action<long>? sent,
    RegistryOptions options,
    ILogger logger)
{
    private const int DefaultChunkBytes = 32 * 1024 * 1024;
    private const int MaxChunkBytes = 1024 * 1024 * 1024;
    private const int MaxFailures = 64;

    private long _chunk = options.UploadChunkBytes;
    private Uri? _location;
    private long _offset;

    /// <summary>Sends the blob.</summary>
    /// <param name="mountFrom">Repositories of the same registry that may have it; the first ones are tried.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<BlobPush> RunAsync(IReadOnlyList<string> mountFrom, CancellationToken cancellationToken)
    {
        if (await BeginAsync(mountFrom.Count > 0 ? mountFrom[0] : null, cancellationToken))
        {
            return BlobPush.Mounted;
        }

        int failuresInRow = 0;
        for (int failures = 0; ; failures++)
        {
            long before = _offset;
            string? reason = await TrySendAsync(cancellationToken);
            if (reason is null)
            {
                return BlobPush.Uploaded;
            }

            failuresInRow++;
            if (failuresInRow >= options.MaxAttempts || failures >= MaxFailures)
            {
                throw new GantryException(
                    ErrorKind.Unavailable,
                    $"push of {descriptor.Digest}: {reason} after {_offset} of {descriptor.Size} bytes");
            }

            logger.Resuming($"push of {descriptor.Digest}", _offset, reason);
            await Task.Delay(Backoff.Delay(options, failuresInRow), options.Time, cancellationToken);
            await FindOffsetAsync(cancellationToken);
            failuresInRow = _offset > before ? 0 : failuresInRow;
        }
    }

    private static bool MayPass(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.NotFound
            or HttpStatusCode.RequestedRangeNotSatisfiable or >= HttpStatusCode.InternalServerError;

    private static string WithQuery(Uri location, string query) =>
        location.OriginalString + (location.OriginalString.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;

    // True when the registry took the blob over from another repository.
    private async Task<bool> BeginAsync(string? from, CancellationToken cancellationToken)
    {
        string path = $"/v2/{repository}/blobs/uploads/";
        string mount = from is null ? "" : $"?mount={Escape(descriptor.Digest.ToString())}&from={Escape(from)}";
        using HttpResponseMessage response = await send(
            new RegistryRequest(HttpMethod.Post, path + mount, scope)
            {
                Body = _ => Task.FromResult<HttpContent>(new ByteArrayContent([])),
            },
            cancellationToken);
        if (response.StatusCode == HttpStatusCode.Created && from is not null)
        {
            return true;
        }

        // What may not be read elsewhere can't be mounted; it can be sent all the same.
        if (from is not null && !response.IsSuccessStatusCode && response.StatusCode < HttpStatusCode.InternalServerError)
        {
            return await BeginAsync(null, cancellationToken);
        }

        if (response.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.OK or HttpStatusCode.NoContent))
        {
            throw await StatusError.ReadAsync(response, options, cancellationToken);
        }

        KeepLocation(response);
        if (_location is null)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"push of {descriptor.Digest}: the registry does not say where to");
        }

        if (response.Headers.TryGetValues("OCI-Chunk-Min-Length", out IEnumerable<string>? values)
            && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out long least)
            && _chunk > 0)
        {
            _chunk = Math.Clamp(least, _chunk, MaxChunkBytes);
        }

        _offset = 0;
        return false;
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    // Null when the blob is there; else why it is not.
    private async Task<string?> TrySendAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_chunk > 0 && descriptor.Size - _offset > _chunk)
            {
                if (await SendChunkAsync(cancellationToken) is { } reason)
                {
                    return reason;
                }
            }

            return await SendLastAsync(cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.Unavailable)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            return RegistryHttp.Reason(e);
        }
    }

    private async Task<string?> SendChunkAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await send(
            Request(HttpMethod.Patch, _location!.OriginalString, _chunk), cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.NoContent or HttpStatusCode.Created))
        {
            return await ReasonAsync(response, cancellationToken);
        }

        KeepLocation(response);
        long end = End(response) ?? (_offset + _chunk);
        if (end <= _offset || end > _offset + _chunk)
        {
            return $"the registry says that it has {end} bytes after {_offset} and a chunk of {_chunk}";
        }

        _offset = end;
        return null;
    }

    private async Task<string?> SendLastAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await send(
            Request(
                HttpMethod.Put,
                WithQuery(_location!, "digest=" + Escape(descriptor.Digest.ToString())),
                descriptor.Size - _offset),
            cancellationToken);
        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge && _chunk == 0)
        {
            _chunk = DefaultChunkBytes;
            return "the registry takes no body so large";
        }

        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.NoContent or HttpStatusCode.OK))
        {
            return await ReasonAsync(response, cancellationToken);
        }

        Digest said = DigestHeader.In(response);
        if (!said.IsEmpty && said != descriptor.Digest)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"sent {descriptor.Digest}, the registry says {said}");
        }

        _offset = descriptor.Size;
        return null;
    }

    private RegistryRequest Request(HttpMethod method, string path, long length)
    {
        (long from, bool part) = (_offset, method == HttpMethod.Patch || _offset > 0);
        return new RegistryRequest(method, path, scope)
        {
            Once = true,
            Body = async token =>
            {
                UploadContent content = new(await open(from, token), length, sent);
                if (part && length > 0)
                {
                    // The specification has it without a unit, as registries check it.
                    content.Headers.TryAddWithoutValidation(
                        "Content-Range", string.Create(CultureInfo.InvariantCulture, $"{from}-{from + length - 1}"));
                }

                return content;
            },
        };
    }

    private async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        GantryException error = await StatusError.ReadAsync(response, options, cancellationToken);
        return MayPass(response.StatusCode) ? error.Message : throw error;
    }

    // Asks how much the registry has got; when it cannot tell, the upload is begun again.
    private async Task FindOffsetAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await send(
                new RegistryRequest(HttpMethod.Get, _location!.OriginalString, scope) { Once = true }, cancellationToken);
            if (response.IsSuccessStatusCode && End(response) is { } end && end <= descriptor.Size)
            {
                KeepLocation(response);
                _offset = end;
                return;
            }
        }
        catch (Exception e) when (e is GantryException or IOException or HttpRequestException or TimeoutException)
        {
            logger.Resuming($"push of {descriptor.Digest}", 0, e.Message);
        }

        await BeginAsync(null, cancellationToken);
    }

    // "0-41": 42 bytes. "0-0" stands for none as well as for one, so it tells nothing.
    private static long? End(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Range", out IEnumerable<string>? values))
        {
            return null;
        }

        string text = values.First();
        text = text.StartsWith("bytes=", StringComparison.Ordinal) ? text[6..] : text;
        string[] parts = text.Split('-');
        bool valid = parts.Length == 2 && parts[0] == "0"
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        long last = valid ? long.Parse(parts[1], CultureInfo.InvariantCulture) : -1;
        return last is <= 0 or long.MaxValue ? null : last + 1;
    }

    private void KeepLocation(HttpResponseMessage response)
    {
        if (response.Headers.Location is { } location)
        {
            _location = new Uri(response.RequestMessage!.RequestUri!, location);
        }
    }
}
