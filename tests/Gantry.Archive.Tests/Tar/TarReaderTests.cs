using System.Text;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Tar;

public sealed class TarReaderTests
{
    [Theory]
    [InlineData("v7")]
    [InlineData("oldgnu")]
    [InlineData("gnu")]
    [InlineData("ustar")]
    [InlineData("posix")]
    public async Task Archives_of_every_format_of_GNU_tar_are_read(string format)
    {
        using TempDirectory temp = new();
        await Shell.RunAsync(
            temp.Path,
            $"mkdir -p in/d; printf hello >in/d/file; ln in/d/file in/d/hard; ln -s file in/d/link; "
            + $"touch -d @1234567890 in/d/file; chmod 4751 in/d/file; tar --format={format} --sort=name -cf t.tar -C in d");

        IReadOnlyList<(TarEntry Entry, byte[] Data)> entries = await ReadAsync(File.ReadAllBytes(temp["t.tar"]));

        Assert.Equal(["d/", "d/file", "d/hard", "d/link"], entries.Select(e => e.Entry.DisplayName));
        Assert.Equal(
            [TarEntryType.Directory, TarEntryType.Regular, TarEntryType.HardLink, TarEntryType.SymbolicLink],
            entries.Select(e => e.Entry.Type));
        Assert.Equal("hello"u8.ToArray(), entries[1].Data);
        Assert.Equal(0x9E9u, entries[1].Entry.Mode);
        Assert.Equal(1234567890, entries[1].Entry.Modified.Seconds);
        Assert.Equal("d/file"u8.ToArray(), entries[2].Entry.LinkName);
        Assert.Equal("file"u8.ToArray(), entries[3].Entry.LinkName);
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("posix")]
    public async Task Long_names_and_long_link_targets_are_whole(string format)
    {
        using TempDirectory temp = new();
        string name = string.Join('/', Enumerable.Repeat(new string('n', 120), 3));
        await Shell.RunAsync(
            temp.Path,
            $"mkdir -p $(dirname {name}); echo x >{name}; ln -s {name} link; tar --format={format} -cf t.tar {name} link");

        IReadOnlyList<(TarEntry Entry, byte[] Data)> entries = await ReadAsync(File.ReadAllBytes(temp["t.tar"]));

        Assert.Equal(name, entries[0].Entry.DisplayName);
        Assert.Equal(name, Encoding.UTF8.GetString(entries[1].Entry.LinkName));
    }

    [Fact]
    public async Task A_prefix_is_put_before_the_name()
    {
        byte[] tar = new TarBuilder().File("name", "x").Build();
        Encoding.ASCII.GetBytes("some/where", tar.AsSpan(345));
        TarBuilder.Checksum(tar);

        Assert.Equal("some/where/name", (await ReadAsync(tar))[0].Entry.DisplayName);
    }

    [Fact]
    public async Task Numbers_in_base_256_are_read()
    {
        byte[] tar = new TarBuilder().File("name").Build();
        tar.AsSpan(108, 8).Clear();
        tar[108] = 0x80;
        tar[112] = 0x12;
        tar[115] = 0x34;
        tar.AsSpan(136, 12).Fill(0xff);
        TarBuilder.Checksum(tar);

        TarEntry entry = (await ReadAsync(tar))[0].Entry;

        Assert.Equal(0x12000034u, entry.Uid);
        Assert.Equal(-1, entry.Modified.Seconds);
    }

    [Fact]
    public async Task Records_of_PAX_win_over_the_header_and_attributes_are_bytes()
    {
        string value = "\0\xff=\n\0";
        byte[] tar = new TarBuilder()
            .Pax(
                ("path", "caf\xc3\xa9/\xff"),
                ("uid", "3000000"),
                ("gid", "4000000"),
                ("mtime", "-1.25"),
                ("atime", "1700000000.1234567899"),
                ("SCHILY.xattr.user.x", value),
                ("SCHILY.xattr.security.capability", "\x01\0\0\x02"))
            .File("short", "data")
            .Build();

        (TarEntry entry, byte[] data) = (await ReadAsync(tar))[0];

        Assert.Equal("caf\xc3\xa9/\xff", Encoding.Latin1.GetString(entry.Name));
        Assert.Equal((3000000u, 4000000u), (entry.Uid, entry.Gid));
        Assert.Equal(new Timespec(-2, 750_000_000), entry.Modified);
        Assert.Equal(new Timespec(1700000000, 123_456_789), entry.Accessed);
        Assert.Equal(["user.x", "security.capability"], entry.Xattrs.Select(x => Encoding.UTF8.GetString(x.Name)));
        Assert.Equal(value, Encoding.Latin1.GetString(entry.Xattrs[0].Value));
        Assert.Equal("data"u8.ToArray(), data);
    }

    [Fact]
    public async Task Attributes_as_libarchive_writes_them_are_decoded_where_there_are_no_others()
    {
        byte[] tar = new TarBuilder()
            .Pax(
                ("LIBARCHIVE.xattr.user.a%3db", "AP8K"),
                ("LIBARCHIVE.xattr.user.c", "AQ"),
                ("LIBARCHIVE.xattr.user.d", "AQ"),
                ("SCHILY.xattr.user.d", "two"))
            .File("f")
            .Build();

        TarEntry entry = (await ReadAsync(tar))[0].Entry;

        Assert.Equal(["user.d", "user.a=b", "user.c"], entry.Xattrs.Select(x => Encoding.UTF8.GetString(x.Name)));
        Assert.Equal(["two"u8.ToArray(), [0, 255, 10], [1]], entry.Xattrs.Select(x => x.Value));
    }

    [Fact]
    public async Task Global_records_change_no_entry()
    {
        byte[] tar = new TarBuilder()
            .Add("pax_global_header", 'g', "20 mtime=1234567890\n"u8.ToArray())
            .File("f", mtime: 7)
            .Build();

        IReadOnlyList<(TarEntry Entry, byte[] Data)> entries = await ReadAsync(tar);

        Assert.Equal(TarEntryType.GlobalHeader, entries[0].Entry.Type);
        Assert.Equal(7, entries[1].Entry.Modified.Seconds);
    }

    [Theory]
    [InlineData("8 a=b\n")]
    [InlineData("5 a=b\n")]
    [InlineData("6 a=b ")]
    [InlineData("5 =b\n")]
    [InlineData("x a=b\n")]
    [InlineData("-6 a=b\n")]
    [InlineData("99999999999999999999 a=b\n")]
    [InlineData("11 path=a\0\n")]
    [InlineData("9 uid=x1\n")]
    [InlineData("10 uid=-1\n")]
    [InlineData("11 size=-1\n")]
    [InlineData("15 mtime=1.2.3\n")]
    [InlineData("31 GNU.sparse.map=1,2,3,x,x,xx\n")]
    public async Task A_malformed_record_is_an_invalid_argument(string body)
    {
        byte[] tar = new TarBuilder().Add("x", 'x', Encoding.Latin1.GetBytes(body)).File("f", "data").Build();

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(tar));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.StartsWith("invalid tar header: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_limit_is_an_invalid_argument_before_memory_is_taken()
    {
        TarLimits limits = new()
        {
            MaxExtendedHeaderSize = 4096,
            MaxHeaders = 3,
            MaxPathLength = 50,
            MaxXattrValueLength = 10,
            MaxXattrNameLength = 10,
            MaxXattrs = 1,
        };
        byte[][] tars =
        [
            new TarBuilder().Add("x", 'x', size: 8L << 30).Build(),
            new TarBuilder().Add("x", 'L', size: 5000).Build(),
            new TarBuilder().File("1").File("2").File("3").File("4").Build(),
            new TarBuilder().File(new string('n', 51)).Build(),
            new TarBuilder().Symlink("l", new string('n', 51)).Build(),
            new TarBuilder().Pax(("SCHILY.xattr.user.x", "12345678901")).File("f").Build(),
            new TarBuilder().Pax(("SCHILY.xattr.user.xxxxxx", "1")).File("f").Build(),
            new TarBuilder().Pax(("SCHILY.xattr.user.x", "1"), ("SCHILY.xattr.user.y", "1")).File("f").Build(),
            new TarBuilder().Pax(("LIBARCHIVE.xattr.user.x", "AAAAAAAAAAAAAAAAAAAAAAAA")).File("f").Build(),
        ];

        foreach (byte[] tar in tars)
        {
            GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(tar, limits));
            Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        }
    }

    [Fact]
    public async Task A_wrong_checksum_a_lone_block_of_zeros_and_an_unknown_type_are_invalid()
    {
        byte[] damaged = new TarBuilder().File("name", "x").Build();
        damaged[3] ^= 1;
        byte[] alone = [.. new byte[512], .. new TarBuilder().File("name", "x").Build()];
        byte[] unknown = new TarBuilder().Add("v", 'V').Build();

        foreach (byte[] tar in new[] { damaged, alone, unknown })
        {
            GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(tar));
            Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        }
    }

    [Fact]
    public async Task An_archive_cut_anywhere_but_between_two_entries_is_an_unexpected_end()
    {
        byte[] tar = new TarBuilder()
            .Pax(("path", "long/name"), ("SCHILY.xattr.user.x", "y"))
            .File("short", new string('d', 700))
            .Directory("dir/")
            .Build();
        HashSet<int> boundaries = [0, tar.Length - 1536, tar.Length - 1024, tar.Length - 512, tar.Length];

        for (int cut = 0; cut <= tar.Length; cut++)
        {
            if (boundaries.Contains(cut))
            {
                await ReadAsync(tar[..cut]);
                continue;
            }

            GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(tar[..cut]));
            Assert.Contains("unexpected EOF", error.Message, StringComparison.Ordinal);
        }
    }

    internal static async Task<IReadOnlyList<(TarEntry Entry, byte[] Data)>> ReadAsync(
        byte[] tar,
        TarLimits? limits = null)
    {
        TarReader reader = new(new MemoryStream(tar), limits ?? TarLimits.Default);
        List<(TarEntry, byte[])> entries = [];
        while (await reader.ReadEntryAsync(TestContext.Current.CancellationToken) is { } entry)
        {
            using MemoryStream data = new();
            while (await reader.ReadDataAsync(TestContext.Current.CancellationToken) is { Bytes.IsEmpty: false } piece)
            {
                data.Write(piece.Bytes.Span);
            }

            entries.Add((entry, data.ToArray()));
        }

        return entries;
    }
}
