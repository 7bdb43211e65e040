using System.Buffers;
using System.Security.Cryptography;
using System.Threading.Channels;
using Gantry.Archive.Compression;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Archive.Streams;

/// <summary>
/// Unpacks and hashes a layer on one thread while another writes files: a few chunks lie between the two. Memory is
/// <see cref="ChunkCount"/> × <see cref="ChunkSize"/>, whatever the layer holds.
/// </summary>
/// <remarks>Chunks are full but for the last, so that no header lies across two.</remarks>
internal sealed class ChunkPump : ChunkSource, IAsyncDisposable
{
    internal const int ChunkSize = 256 * 1024;
    internal const int ChunkCount = 4;

    private readonly Channel<byte[]> _free = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<ArraySegment<byte>> _full = Channel.CreateUnbounded<ArraySegment<byte>>();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly CancellationTokenSource _stop;
    private readonly long _maxSize;
    private readonly Task _running;
    private byte[]? _current;

    /// <summary>Starts to read.</summary>
    /// <param name="layer">The layer, packed or not; it stays the caller's, who reads nothing from it meanwhile.</param>
    /// <param name="maxSize">How many bytes it may hold unpacked.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal ChunkPump(Stream layer, long maxSize, CancellationToken cancellationToken)
    {
        _maxSize = maxSize;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (int i = 0; i < ChunkCount; i++)
        {
            _free.Writer.TryWrite(ArrayPool<byte>.Shared.Rent(ChunkSize));
        }

        CancellationToken stop = _stop.Token;
        _running = Task.Run(() => RunAsync(layer, stop), CancellationToken.None);
    }

    /// <summary>Unpacked bytes so far; all of them once the last chunk was given out.</summary>
    internal long Size { get; private set; }

    /// <summary>The digest of the unpacked bytes; to be asked once, after the last chunk was given out.</summary>
    internal Digest Digest => Digest.FromHash(_hash);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Recycle();
        while (_full.Reader.TryRead(out ArraySegment<byte> chunk))
        {
            ArrayPool<byte>.Shared.Return(chunk.Array!);
        }

        while (_free.Reader.TryRead(out byte[]? buffer))
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _hash.Dispose();
        _stop.Dispose();
    }

    /// <inheritdoc/>
    internal override async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        Recycle();
        if (await _full.Reader.WaitToReadAsync(cancellationToken) && _full.Reader.TryRead(out ArraySegment<byte> chunk))
        {
            _current = chunk.Array;
            return chunk;
        }

        // Throws what stopped the reading, if anything did.
        await _running;
        return default;
    }

    /// <summary>An empty chunk would say that all is well, which is not known before the task has ended.</summary>
    private void Hand(byte[] buffer, int length)
    {
        if (length == 0)
        {
            _free.Writer.TryWrite(buffer);
        }
        else
        {
            _full.Writer.TryWrite(new ArraySegment<byte>(buffer, 0, length));
        }
    }

    private void Recycle()
    {
        if (_current is not null)
        {
            _free.Writer.TryWrite(_current);
            _current = null;
        }
    }

    private async Task RunAsync(Stream layer, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream unpacked = await Decompressor.OpenAsync(layer, cancellationToken);
            int length;
            do
            {
                byte[] buffer = await _free.Reader.ReadAsync(cancellationToken);
                length = await FillAsync(unpacked, buffer, cancellationToken);
                _hash.AppendData(buffer, 0, length);
                Size += length;
                Hand(buffer, length);
                if (Size > _maxSize)
                {
                    throw new GantryException(
                        ErrorKind.InvalidArgument, $"layer has more than {_maxSize} bytes when it is unpacked");
                }
            }
            while (length == ChunkSize);

            // What follows the packed data belongs to the blob: its digest covers it.
            await layer.CopyToAsync(Stream.Null, cancellationToken);
        }
        finally
        {
            _full.Writer.Complete();
        }
    }

    private static async Task<int> FillAsync(Stream unpacked, byte[] buffer, CancellationToken cancellationToken)
    {
        int length = 0;
        while (length < ChunkSize)
        {
            int read;
            try
            {
                read = await unpacked.ReadAsync(buffer.AsMemory(length, ChunkSize - length), cancellationToken);
            }
            catch (Exception exception) when (Decompressor.IsMalformed(exception))
            {
                throw Decompressor.Malformed(exception);
            }

            if (read == 0)
            {
                break;
            }

            length += read;
        }

        return length;
    }
}
