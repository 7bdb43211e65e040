using System.Net;
using Gantry.Core.Errors;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Fetch;

/// <summary>
/// The body of a blob, or a piece of it. When the connection breaks, it goes on from where it was with a range request. It
/// ends after exactly as many bytes as it is to have, or fails; whoever reads it checks the digest.
/// </summary>
internal sealed class BlobStream : FetchedStream
{
    private const int MaxReopens = 64;
    private const int DiscardBufferBytes = 64 * 1024;

    private readonly Func<long, long?, CancellationToken, Task<HttpResponseMessage>> _open;
    private readonly RegistryOptions _options;
    private readonly ILogger _logger;
    private readonly long _size;
    private long _end;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _offset;
    private int _reopens;
    private int _failuresInRow;

    /// <param name="open">Asks for the blob from an offset on, up to and with a last byte, or all that follows.</param>
    /// <param name="size">The size of the whole blob.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="end">Where to end: the size, or less for a piece.</param>
    /// <param name="options">Limits.</param>
    /// <param name="logger">Where broken connections are told.</param>
    public BlobStream(
        Func<long, long?, CancellationToken, Task<HttpResponseMessage>> open,
        long size,
        long offset,
        long end,
        RegistryOptions options,
        ILogger logger)
    {
        _open = open;
        _size = size;
        _offset = offset;
        _end = end;
        _options = options;
        _logger = logger;
    }

    public override long Position
    {
        get => _offset;
        set => throw new NotSupportedException();
    }

    /// <summary>Where it ends: a server that does not know ranges sends all of the blob when it is asked for a piece.</summary>
    public long End => _end;

    /// <summary>Opens the connection, so that a wrong status is known at once.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenResponseAsync(cancellationToken);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
            long skip = Skip(response);
            _end = response.StatusCode == HttpStatusCode.PartialContent ? _end : _size;
            _response = response;
            _body = body;
            await DiscardAsync(skip, cancellationToken);
        }
        catch
        {
            response.Dispose();
            (_response, _body) = (null, null);
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            string reason;
            try
            {
                if (_body is null)
                {
                    await OpenAsync(cancellationToken);
                }

                // What follows a piece is not for this stream, whatever the server sends.
                int wanted = _end < _size ? (int)Math.Min(buffer.Length, _end - _offset) : buffer.Length;
                int read = wanted == 0 ? 0 : await ReadInTimeAsync(buffer[..wanted], cancellationToken);
                if (read > _size - _offset)
                {
                    throw new GantryException(
                        ErrorKind.FailedPrecondition, $"{Url}: longer than the {_size} bytes that it is to have");
                }

                if (read > 0 || _offset == _end)
                {
                    _offset += read;
                    _failuresInRow = read > 0 ? 0 : _failuresInRow;
                    return read;
                }

                reason = "unexpected EOF";
            }
            catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
            {
                reason = RegistryHttp.Reason(e);
            }

            await BreakAsync(reason, cancellationToken);
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close(ref _response, ref _body);
        }

        base.Dispose(disposing);
    }

    private string Url => _response?.RequestMessage?.RequestUri is { } uri ? RegistryHttp.Shown(uri) : "blob";

    private static void Close(ref HttpResponseMessage? response, ref Stream? body)
    {
        response?.Dispose();
        (response, body) = (null, null);
    }

    // A server that has fewer bytes than the descriptor says has nothing at the offset.
    private async Task<HttpResponseMessage> OpenResponseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _open(_offset, _end < _size ? _end - 1 : null, cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.OutOfRange)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"unexpected EOF after {_offset} of {_size} bytes: {e.Message}", e);
        }
    }

    // A server need not know ranges; then it sends all from the start.
    private long Skip(HttpResponseMessage response)
    {
        if ((_offset == 0 && _end == _size) || response.StatusCode != HttpStatusCode.PartialContent)
        {
            return _offset;
        }

        return response.Content.Headers.ContentRange?.From == _offset
            ? 0
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"{RegistryHttp.Shown(response.RequestMessage!.RequestUri!)}: asked for bytes from {_offset} on, "
                + $"got \"{response.Content.Headers.ContentRange}\"");
    }

    private async Task DiscardAsync(long count, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(count, DiscardBufferBytes)];
        while (count > 0)
        {
            int read = await ReadInTimeAsync(
                buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken);
            if (read == 0)
            {
                throw new IOException("unexpected EOF");
            }

            count -= read;
        }
    }

    private async ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource silence = new(_options.IdleTimeout, _options.Time);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        try
        {
            return await _body!.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("no data in time", e);
        }
    }

    private async Task BreakAsync(string reason, CancellationToken cancellationToken)
    {
        string url = Url;
        Close(ref _response, ref _body);
        _failuresInRow++;
        _reopens++;
        if (_failuresInRow >= _options.MaxAttempts || _reopens >= MaxReopens)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"{url}: {reason} after {_offset} of {_size} bytes");
        }

        _logger.Resuming(url, _offset, reason);
        await Task.Delay(Backoff.Delay(_options, _failuresInRow), _options.Time, cancellationToken);
    }
}
