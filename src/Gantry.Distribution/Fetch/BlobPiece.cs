namespace Gantry.Distribution.Fetch;

/// <summary>A piece of a blob that is fetched into memory.</summary>
internal sealed class BlobPiece : IAsyncDisposable
{
    private readonly SemaphoreSlim _room;

    /// <param name="open">Opens the blob between two offsets.</param>
    /// <param name="from">Where the piece begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="room">Is given back when the piece is disposed of.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public BlobPiece(
        Func<long, long, CancellationToken, Task<BlobStream>> open,
        long from,
        long end,
        SemaphoreSlim room,
        CancellationToken cancellationToken)
    {
        _room = room;
        Bytes = FetchAsync(open, from, end, cancellationToken);
    }

    /// <summary>Its bytes, all of them.</summary>
    public Task<ReadOnlyMemory<byte>> Bytes { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ((Task)Bytes).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _room.Release();
    }

    private static async Task<ReadOnlyMemory<byte>> FetchAsync(
        Func<long, long, CancellationToken, Task<BlobStream>> open,
        long from,
        long end,
        CancellationToken cancellationToken)
    {
        await using BlobStream stream = await open(from, end, cancellationToken);
        byte[] bytes = new byte[end - from];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
