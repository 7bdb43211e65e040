using Gantry.Core.Content;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;

namespace Gantry.Transfer.Tests.Unpack;

public sealed class ApplySlotTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_waits_for_bytes_lets_others_work_and_takes_its_place_again_when_they_come()
    {
        using SemaphoreSlim slots = new(1);
        using ArrivingBlob blob = new();
        blob.Begin(new Bytes([1, 2, 3]));
        ApplySlot stalled = new(slots, TimeProvider.System);
        ApplySlot other = new(slots, TimeProvider.System);
        await stalled.TakeAsync(Cancel);
        await using Stream stream = stalled.Over(blob)!.Open();

        Task<int> reading = stream.ReadAsync(new byte[10], Cancel).AsTask();
        await other.TakeAsync(Cancel);
        blob.Advance(3);
        bool waited = !reading.IsCompleted;
        other.Leave();

        Assert.True(waited);
        Assert.Equal(3, await reading);
        Assert.Equal(0, slots.CurrentCount);
        stalled.Leave();
        stalled.Leave();
        Assert.Equal(1, slots.CurrentCount);
    }

    [Fact]
    public async Task A_blob_that_fails_while_it_is_waited_for_gives_no_place_away_twice()
    {
        using SemaphoreSlim slots = new(1);
        using ArrivingBlob blob = new();
        blob.Begin(new Bytes([]));
        ApplySlot slot = new(slots, TimeProvider.System);
        ApplySlot other = new(slots, TimeProvider.System);
        await slot.TakeAsync(Cancel);
        await using Stream stream = slot.Over(blob)!.Open();
        Task<int> reading = stream.ReadAsync(new byte[10], Cancel).AsTask();
        await other.TakeAsync(Cancel);

        blob.Fail(new IOException("gone"));

        await Assert.ThrowsAsync<IOException>(() => reading);
        slot.Leave();
        Assert.Equal(0, slots.CurrentCount);
        other.Leave();
        Assert.Equal(1, slots.CurrentCount);
    }

    private sealed class Bytes(byte[] bytes) : IIngestReader
    {
        public int Read(Span<byte> buffer, long offset)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan((int)offset);
            int count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            return count;
        }

        public void Dispose()
        {
        }
    }
}
