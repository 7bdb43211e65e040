using System.Net;
using System.Net.Http.Headers;

namespace Gantry.Distribution.Http;

/// <summary>
/// The body of an upload: so many bytes of a stream, which it owns. It tells of each piece that was taken, so that a
/// server that takes none can be told from one that is slow.
/// </summary>
internal sealed class UploadContent : HttpContent
{
    private const int PieceBytes = 256 * 1024;

    private readonly Stream _source;
    private readonly long _length;
    private readonly Action<long>? _sent;

    /// <param name="source">Where the bytes come from, at the first of them.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="sent">Is told how many were sent; null for nobody.</param>
    public UploadContent(Stream source, long length, Action<long>? sent)
    {
        _source = source;
        _length = length;
        _sent = sent;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = length;
    }

    /// <summary>Is called when a piece was taken.</summary>
    public Action? Progressed { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(PieceBytes, Math.Max(1, _length))];
        long sent = 0;
        while (sent < _length)
        {
            int wanted = (int)Math.Min(buffer.Length, _length - sent);
            int read = await _source.ReadAtLeastAsync(
                buffer.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancellationToken);
            if (read < wanted)
            {
                throw new IOException("the blob is shorter than its descriptor says");
            }

            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            sent += read;
            _sent?.Invoke(read);
            Progressed?.Invoke();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source.Dispose();
        }

        base.Dispose(disposing);
    }
}
