using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Xunit;

namespace Gantry.Archive.Tests.Tar;

public sealed class TarWriterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_600_000_000, 1)]
    [InlineData(1_600_000_000, 120_000_000)]
    [InlineData(8_589_934_592, 0)]
    [InlineData(-1, 0)]
    [InlineData(-1, 500_000_000)]
    [InlineData(-2, 999_999_999)]
    public async Task A_time_is_read_as_it_was_written(long seconds, long nanoseconds)
    {
        TarEntry entry = await RoundTripAsync(Entry("f", modified: new Timespec(seconds, nanoseconds)));

        Assert.Equal(new Timespec(seconds, nanoseconds), entry.Modified);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x1FFFFF)]
    [InlineData(0x200000)]
    [InlineData(4_294_967_294)]
    public async Task An_owner_is_read_as_it_was_written(uint id)
    {
        TarEntry written = Entry("f");
        written.Uid = id;
        written.Gid = id;

        TarEntry entry = await RoundTripAsync(written);

        Assert.Equal((id, id), (entry.Uid, entry.Gid));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(984)]
    [InlineData(985)]
    [InlineData(4095)]
    public async Task A_name_of_any_length_is_read_as_it_was_written(int length)
    {
        string name = string.Concat(Enumerable.Repeat("abcdefgh/", 500))[..(length - 1)] + "x";

        TarEntry entry = await RoundTripAsync(Entry(name));

        Assert.Equal(name, entry.DisplayName);
    }

    [Fact]
    public async Task Attributes_are_read_as_they_were_written()
    {
        TarEntry written = Entry("f");
        written.Xattrs =
        [
            new TarXattr("security.capability"u8.ToArray(), [1, 0, 0, 2, 0, (byte)'\n', 0]),
            new TarXattr("user.a=b%"u8.ToArray(), [0, 1, 2, 3]),
            new TarXattr([(byte)'u', (byte)'.', 0xff], []),
        ];

        TarEntry entry = await RoundTripAsync(written);

        Assert.Equal(
            written.Xattrs.Select(Show).Order(StringComparer.Ordinal),
            entry.Xattrs.Select(Show).Order(StringComparer.Ordinal));

        static string Show(TarXattr xattr) => $"{Convert.ToHexString(xattr.Name)}={Convert.ToHexString(xattr.Value)}";
    }

    [Fact]
    public async Task Attributes_that_no_reader_takes_are_refused()
    {
        TarEntry written = Entry("f");
        written.Xattrs = [.. Enumerable.Range(0, 17).Select(i => new TarXattr([(byte)'u', (byte)'a'], new byte[65536]))];

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => RoundTripAsync(written));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task Data_is_as_long_as_its_header_says()
    {
        TarWriter writer = new(Stream.Null);
        TarEntry entry = Entry("f");
        entry.Size = 3;
        await writer.WriteHeaderAsync(entry, Token);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => writer.WriteDataAsync("four"u8.ToArray(), Token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FinishAsync(Token));
    }

    private static TarEntry Entry(string name, Timespec modified = default) => new()
    {
        Type = TarEntryType.Regular,
        Name = System.Text.Encoding.UTF8.GetBytes(name),
        Mode = 0x1A4,
        Modified = modified,
    };

    private static async Task<TarEntry> RoundTripAsync(TarEntry entry)
    {
        using MemoryStream tar = new();
        TarWriter writer = new(tar);
        await writer.WriteHeaderAsync(entry, Token);
        await writer.FinishAsync(Token);
        tar.Position = 0;
        return await new TarReader(tar, TarLimits.Default).ReadEntryAsync(Token)
            ?? throw new InvalidOperationException("no entry");
    }
}
