using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Transfer.Pull;
using Xunit;

namespace Gantry.Transfer.Tests.Pull;

public sealed class ArrivingBlobTests
{
    private static readonly byte[] Bytes = [1, 2, 3, 4, 5];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_gets_what_has_come_and_waits_for_more()
    {
        using ArrivingBlob blob = Begin();
        blob.Advance(3);
        await using Stream stream = blob.Open();
        byte[] buffer = new byte[10];

        int first = await stream.ReadAsync(buffer, Cancel);
        ValueTask<int> second = stream.ReadAsync(buffer.AsMemory(first), Cancel);
        bool waited = !second.IsCompleted;
        blob.Advance(5);

        Assert.Equal(3, first);
        Assert.True(waited);
        Assert.Equal(2, await second);
        Assert.Equal(Bytes, buffer[..5]);
    }

    [Fact]
    public async Task There_is_no_end_before_the_blob_is_whole()
    {
        using ArrivingBlob blob = Begin();
        blob.Advance(5);
        await using Stream stream = blob.Open();
        byte[] buffer = new byte[10];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 5), Cancel);

        ValueTask<int> end = stream.ReadAsync(buffer, Cancel);
        bool waited = !end.IsCompleted;
        blob.Complete();

        Assert.True(waited);
        Assert.Equal(0, await end);
    }

    [Fact]
    public async Task Who_reads_a_blob_that_fails_is_told_why_after_its_last_byte()
    {
        using ArrivingBlob blob = Begin();
        blob.Advance(5);
        await using Stream stream = blob.Open();
        byte[] buffer = new byte[5];

        blob.Fail(new GantryException(ErrorKind.FailedPrecondition, "unexpected digest"));

        Assert.Equal(5, await stream.ReadAsync(buffer, Cancel));
        GantryException error = await Assert.ThrowsAsync<GantryException>(
            async () => await stream.ReadExactlyAsync(buffer, Cancel));
        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task One_that_is_here_without_having_been_read_says_so()
    {
        using ArrivingBlob blob = new();

        blob.Complete();

        Assert.False(await blob.Begun);
        Assert.True(blob.Whole.IsCompletedSuccessfully);
    }

    private static ArrivingBlob Begin()
    {
        ArrivingBlob blob = new();
        blob.Begin(new MemoryReader());
        return blob;
    }

    private sealed class MemoryReader : IIngestReader
    {
        public int Read(Span<byte> buffer, long offset)
        {
            ReadOnlySpan<byte> rest = Bytes.AsSpan((int)offset);
            int length = Math.Min(rest.Length, buffer.Length);
            rest[..length].CopyTo(buffer);
            return length;
        }

        public void Dispose()
        {
        }
    }
}
