using Gantry.Archive.Streams;
using Gantry.Core.Content;

namespace Gantry.Transfer.Unpack;

/// <summary>
/// A place among the layers that are applied at once. Who works has it; who waits for bytes that do not come gives it to
/// others meanwhile, so that a registry that stalls holds up nobody but its own pulls.
/// </summary>
/// <param name="slots">All places.</param>
/// <param name="time">The clock.</param>
internal sealed class ApplySlot(SemaphoreSlim slots, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private bool _taken;

    /// <summary>Waits for a place.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        _taken = true;
    }

    /// <summary>Gives the place to others, if it is had.</summary>
    public void Leave()
    {
        if (_taken)
        {
            _taken = false;
            slots.Release();
        }
    }

    /// <summary>A blob whose reader, one at a time, has the place only while there is something to read.</summary>
    /// <param name="blob">The blob; null for none.</param>
    public IArrivingBlob? Over(IArrivingBlob? blob) => blob is null ? null : new Blob(this, blob);

    private async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> reading = stream.ReadAsync(buffer, cancellationToken);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        // The token ends the reading, which nobody may leave before: it has the buffer.
        Task<int> waiting = reading.AsTask();
        try
        {
            return await waiting.WaitAsync(Patience, time, CancellationToken.None);
        }
        catch (TimeoutException) when (!waiting.IsFaulted)
        {
            Leave();
        }

        int count = await waiting;
        await TakeAsync(cancellationToken);
        return count;
    }

    private sealed class Blob(ApplySlot slot, IArrivingBlob blob) : IArrivingBlob
    {
        public Task Whole => blob.Whole;

        public Stream Open() => new Reader(slot, blob.Open());
    }

    private sealed class Reader(ApplySlot slot, Stream stream) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) =>
            throw new NotSupportedException("a blob that arrives is read asynchronously");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            slot.ReadAsync(stream, buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
