using Gantry.Archive.Streams;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Archive.Tests.Streams;

public sealed class VerifiedStreamTests
{
    private static readonly byte[] Data = "some data"u8.ToArray();

    [Theory]
    [InlineData(9)]
    [InlineData(0)]
    public async Task What_keeps_its_word_is_read_to_the_end(long size)
    {
        await using VerifiedStream stream = new(new MemoryStream(Data), Digest.OfBytes(Data), size);
        using MemoryStream read = new();

        await stream.CopyToAsync(read, TestContext.Current.CancellationToken);

        Assert.Equal(Data, read.ToArray());
    }

    [Fact]
    public async Task Another_digest_fails_at_the_end()
    {
        await using VerifiedStream stream = new(new MemoryStream(Data), Digest.OfBytes("other"u8), Data.Length);
        byte[] buffer = new byte[100];

        Assert.Equal(Data.Length, await stream.ReadAsync(buffer, TestContext.Current.CancellationToken));
        GantryException error = Assert.Throws<GantryException>(() => stream.Read(buffer));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.StartsWith($"unexpected digest {Digest.OfBytes(Data)}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    public async Task Another_size_fails(long size)
    {
        await using VerifiedStream stream = new(new MemoryStream(Data), Digest.OfBytes(Data), size);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => stream.DrainAsync(TestContext.Current.CancellationToken));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }
}
