using Gantry.Core.Content;

namespace Gantry.Transfer.Pull;

/// <summary>
/// A blob that is being fetched. Whoever fetches it calls <see cref="Begin"/> if what comes can be read at once,
/// <see cref="Advance"/> with each piece, and <see cref="Complete"/> or <see cref="Fail"/> at the end.
/// </summary>
internal sealed class ArrivingBlob : IArrivingBlob, IDisposable
{
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when there is more to read than there was when it was looked at; then there is a new one.</summary>
    private volatile TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IIngestReader? _reader;
    private long _written;

    /// <summary>Whether it can be read while it comes; told at the latest when it is whole.</summary>
    public Task<bool> Begun => _begun.Task;

    /// <inheritdoc/>
    public Task Whole => _whole.Task;

    /// <summary>Its bytes can be read from now on.</summary>
    /// <param name="reader">Reads them; this object disposes it.</param>
    public void Begin(IIngestReader reader)
    {
        _reader = reader;
        _begun.TrySetResult(true);
    }

    /// <summary>More bytes have come.</summary>
    /// <param name="written">How many there are now.</param>
    public void Advance(long written)
    {
        Volatile.Write(ref _written, written);
        Wake();
    }

    /// <summary>It is in the store.</summary>
    public void Complete()
    {
        _begun.TrySetResult(false);
        _whole.TrySetResult();
        Wake();
    }

    /// <summary>It will not be in the store.</summary>
    /// <param name="why">What readers are told.</param>
    public void Fail(Exception why)
    {
        _begun.TrySetResult(false);
        _whole.TrySetException(why);

        // Whoever fetches it is told, too: it does not matter if nobody else looks.
        _ = _whole.Task.Exception;
        Wake();
    }

    /// <inheritdoc/>
    public Stream Open() => new ArrivingStream(this);

    /// <summary>Ends the reading. Streams that were opened must not be used any more.</summary>
    public void Dispose() => _reader?.Dispose();

    /// <summary>Reads bytes, or waits for them.</summary>
    /// <returns>How many; 0 at the end of a blob that is whole.</returns>
    internal async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more = _more.Task;
            bool isEnd = Whole.IsCompleted;
            long available = Volatile.Read(ref _written) - offset;
            if (available > 0)
            {
                int count = _reader!.Read(buffer.Span[..(int)Math.Min(buffer.Length, available)], offset);
                return count > 0 || buffer.IsEmpty ? count : throw new EndOfStreamException("the ingest is shorter than what was written to it");
            }

            if (isEnd)
            {
                await Whole;
                return 0;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    private void Wake() => Interlocked.Exchange(
        ref _more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
