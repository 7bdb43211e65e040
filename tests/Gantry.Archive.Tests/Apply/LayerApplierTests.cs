using System.IO.Compression;
using System.Text;
using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

public sealed class LayerApplierTests : IDisposable
{
    private readonly ApplyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_tree_with_everything_in_it_comes_out_as_it_went_in()
    {
        Needs.Program("setcap");
        string source = _fixture.MakeDirectory("source");
        try
        {
            await Shell.RunAsync(source, """
                mkdir -p usr/bin etc/deep/er 'space d' tmp
                printf prog >usr/bin/ping; chmod 755 usr/bin/ping; setcap cap_net_raw,cap_net_admin+ep usr/bin/ping
                printf su >usr/bin/su; chown 12:34 usr/bin/su; chmod 6755 usr/bin/su
                ln usr/bin/su etc/deep/su-too; ln -s ../usr/bin/su etc/link; chown -h 5:6 etc/link
                mkfifo -m 640 etc/fifo; mknod -m 666 etc/null c 1 3; mknod -m 660 etc/loop b 7 200; mknod etc/big c 511 70000
                printf u >etc/user; setfattr -n user.binary -v 0x00ff0a3d00 etc/user; setfattr -n security.t -v x etc/deep
                printf n >"etc/$(printf 'caf\xe9\xff')"; printf s >'space d/a b'; chmod 1777 tmp; chmod 2750 'space d'
                long=$(printf 'n%.0s' $(seq 200)); mkdir -p $long/$long; printf l >$long/$long/$long
                head -c 3000000 /dev/urandom >etc/large; : >etc/empty; chmod 000 etc/empty
                touch -d '2001-02-03 04:05:06.123456789' etc/user; touch -h -d '1999-01-01 00:00:00.5' etc/link
                touch -d '2010-01-01 00:00:00.000000001' etc etc/deep usr/bin 'space d' tmp
                """);
            await Shell.RunAsync(
                _fixture.Path,
                "tar --format=posix --xattrs --xattrs-include='*' --numeric-owner -C source -cf root/../t.tar .");
            byte[] tar = await File.ReadAllBytesAsync(
                Path.Combine(_fixture.Path, "t.tar"), TestContext.Current.CancellationToken);

            ApplyResult result = await _fixture.ApplyAsync(tar);

            Assert.Equal(Tree.Describe(source), Tree.Describe(_fixture.Root));
            Assert.Equal(Digest.OfBytes(tar), result.DiffId);
            Assert.Equal(tar.Length, result.Size);
            Assert.Contains(
                "cap_net_admin,cap_net_raw=ep", await Shell.RunAsync(_fixture.Root, "getcap usr/bin/ping"),
                StringComparison.Ordinal);
        }
        finally
        {
            DirectoryTree.Remove(source);
        }
    }

    [Theory]
    [InlineData("--format=gnu")]
    [InlineData("--format=posix --sparse-version=0.0")]
    [InlineData("--format=posix --sparse-version=0.1")]
    [InlineData("--format=posix --sparse-version=1.0")]
    public async Task A_sparse_file_keeps_its_bytes_and_its_holes(string format)
    {
        await Shell.RunAsync(
            _fixture.Path,
            "truncate -s 40M s; for i in $(seq 0 39); do printf data$i | dd of=s bs=1 seek=$((i*1000000+7)) conv=notrunc "
            + $"status=none; done; truncate -s 50M s; tar {format} -S -cf t.tar s; sha256sum s | cut -c-64 >sum");
        byte[] tar = File.ReadAllBytes(Path.Combine(_fixture.Path, "t.tar"));

        await _fixture.ApplyAsync(tar);

        Assert.Equal(
            File.ReadAllText(Path.Combine(_fixture.Path, "sum")).Trim(),
            (await Shell.RunAsync(_fixture.Root, "sha256sum s | cut -c-64")).Trim());
        Assert.True(_fixture.Status("s").Blocks * 512 < 1_000_000);
    }

    [Theory]
    [InlineData("gzip -c", "application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("gzip -c", "application/vnd.docker.image.rootfs.diff.tar.gzip")]
    [InlineData("gzip -c", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]
    [InlineData("gzip -c", "application/vnd.docker.image.rootfs.diff.tar")]
    [InlineData("gzip -c", "application/vnd.oci.image.layer.v1.tar+zstd")]
    [InlineData("cat", "application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("cat", "application/vnd.oci.image.layer.v1.tar")]
    [InlineData("cat", "application/vnd.oci.image.layer.nondistributable.v1.tar")]
    public async Task A_layer_is_unpacked_by_what_it_is_whatever_its_media_type_says(string pack, string mediaType)
    {
        byte[] tar = new TarBuilder().File("file", "content").Build();
        File.WriteAllBytes(Path.Combine(_fixture.Path, "t.tar"), tar);
        await Shell.RunAsync(_fixture.Path, $"{pack} t.tar >t");
        await using FileStream layer = File.OpenRead(Path.Combine(_fixture.Path, "t"));

        ApplyResult result = await LayerApplier.ApplyAsync(
            layer, mediaType, _fixture.Root, new ApplyOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(Digest.OfBytes(tar), result.DiffId);
        Assert.Equal("content", File.ReadAllText(_fixture["file"]));
    }

    [Fact]
    public async Task Several_members_of_gzip_and_several_frames_of_zstd_are_one_layer()
    {
        byte[] tar = new TarBuilder().File("file", new string('x', 5000)).Build();

        foreach (byte[] packed in new byte[][]
        {
            [.. Gzip(tar[..700]), .. Gzip(tar[700..701]), .. Gzip(tar[701..])],
            [.. Zstd(tar[..700]), .. Zstd(tar[700..])],
        })
        {
            ApplyResult result = await _fixture.ApplyAsync(packed);
            Assert.Equal(Digest.OfBytes(tar), result.DiffId);
        }
    }

    [Fact]
    public async Task A_packed_layer_that_is_cut_anywhere_is_an_unexpected_end()
    {
        byte[] noise = new byte[3000];
        new Random(1).NextBytes(noise);
        byte[] tar = new TarBuilder().Add("noise", '0', noise).File("second").Build();

        foreach (byte[] packed in new[] { Gzip(tar), Zstd(tar) })
        {
            for (int cut = 10; cut < packed.Length; cut += cut < packed.Length - 20 ? 97 : 1)
            {
                GantryException error = await Assert.ThrowsAsync<GantryException>(
                    () => _fixture.ApplyAsync(packed[..cut]));
                Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
                Assert.Contains("unexpected EOF", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Damaged_packed_data_is_an_invalid_argument()
    {
        byte[] tar = new TarBuilder().File("file", new string('x', 100_000)).Build();

        foreach (byte[] packed in new[] { Gzip(tar), Zstd(tar) })
        {
            packed[packed.Length / 2] ^= 0xff;
            GantryException error = await Assert.ThrowsAsync<GantryException>(() => _fixture.ApplyAsync(packed));
            Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        }
    }

    [Fact]
    public async Task Bytes_after_the_end_of_the_archive_belong_to_the_diff_id()
    {
        byte[] tar = [.. new TarBuilder().File("file", "x").Build(), .. Encoding.ASCII.GetBytes(new string('t', 300_000))];

        ApplyResult result = await _fixture.ApplyAsync(tar);

        Assert.Equal(Digest.OfBytes(tar), result.DiffId);
        Assert.Equal(tar.Length, result.Size);
    }

    [Fact]
    public async Task An_unknown_media_type_is_not_implemented()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => LayerApplier.ApplyAsync(
            Stream.Null,
            "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
            _fixture.Root,
            new ApplyOptions(),
            TestContext.Current.CancellationToken));

        Assert.Equal(ErrorKind.NotImplemented, error.Kind);
    }

    [Fact]
    public async Task Missing_directories_get_mode_0755_and_the_root_keeps_its_attributes()
    {
        uint before = _fixture.Status(".").Mode;

        await _fixture.ApplyAsync(new TarBuilder().Directory("./", mode: 0x1C0).File("a/b/file", "x").Build());

        Assert.Equal(before, _fixture.Status(".").Mode);
        Assert.Equal(InodeMode.S_IFDIR | 0x1ED, _fixture.Status("a").Mode);
        Assert.Equal(InodeMode.S_IFDIR | 0x1ED, _fixture.Status("a/b").Mode);
    }

    [Fact]
    public async Task A_directory_over_a_directory_keeps_its_files_and_anything_else_replaces()
    {
        await _fixture.ApplyAsync(
            new TarBuilder().File("dir/old", "1").File("file", "1").File("tree/deep/x", "1").Build());

        await _fixture.ApplyAsync(new TarBuilder()
            .Directory("dir/", mode: 0x1C0)
            .Directory("file/")
            .File("tree", "now a file")
            .Build());

        Assert.Equal("1", File.ReadAllText(_fixture["dir/old"]));
        Assert.Equal(InodeMode.S_IFDIR | 0x1C0, _fixture.Status("dir").Mode);
        Assert.True(_fixture.Status("file").IsDirectory);
        Assert.Equal("now a file", File.ReadAllText(_fixture["tree"]));
    }

    [Fact]
    public async Task A_directory_that_the_layer_does_not_mention_keeps_its_time()
    {
        await _fixture.ApplyAsync(new TarBuilder().Directory("dir/", mtime: 1000).File("dir/a").Build());

        await _fixture.ApplyAsync(new TarBuilder().File("dir/b").File("dir/.wh.a").Build());

        Assert.Equal(1000, _fixture.Status("dir").Modified.Seconds);
        Assert.Equal(["b"], Directory.GetFiles(_fixture["dir"]).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("-5", 0)]
    [InlineData("99999999999", 0)]
    [InlineData("4000000000.5", 4_000_000_000)]
    public async Task A_time_out_of_range_becomes_1970(string mtime, long expected)
    {
        await _fixture.ApplyAsync(new TarBuilder().Pax(("mtime", mtime)).File("file").Build());

        Assert.Equal(expected, _fixture.Status("file").Modified.Seconds);
    }

    [Fact]
    public async Task A_hard_link_does_not_cost_a_program_its_capabilities()
    {
        string capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        await _fixture.ApplyAsync(new TarBuilder()
            .Pax(("SCHILY.xattr.security.capability", capability))
            .File("prog", "x", mode: 0x9ED)
            .HardLink("again", "prog")
            .Build());

        Assert.Equal(Encoding.Latin1.GetBytes(capability), _fixture.Xattr("prog", "security.capability"));
        Assert.Equal(2u, _fixture.Status("again").Links);
    }

    [Fact]
    public async Task Applying_is_ended_by_its_token()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LayerApplier.ApplyAsync(
            new MemoryStream(new TarBuilder().File("f", "x").Build()),
            LayerMediaTypes.Tar,
            _fixture.Root,
            new ApplyOptions(),
            source.Token));
    }

    [Fact]
    public async Task A_hundred_thousand_entries_take_no_longer_each_than_ten_thousand()
    {
        // In memory where there is such a place: removing as many files from a disk takes far longer.
        DirectoryInfo directory = Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory($"/dev/shm/gantry-{Guid.NewGuid():N}")
            : Directory.CreateDirectory(_fixture["many"]);
        double small;
        double large;
        try
        {
            await TimeAsync(directory, "warm", 1000);
            small = await TimeAsync(directory, "small", 10_000);
            large = await TimeAsync(directory, "large", 100_000);
        }
        finally
        {
            DirectoryTree.Remove(directory.FullName);
        }

        // Ten times the entries: anything quadratic would be a hundred times the work.
        Assert.True(large < small * 50, $"{small} ms for 10,000 entries, {large} ms for 100,000");
    }

    private static byte[] Gzip(byte[] data)
    {
        using MemoryStream packed = new();
        using (GZipStream stream = new(packed, CompressionLevel.Fastest))
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }

    private static byte[] Zstd(byte[] data)
    {
        using ZstdSharp.Compressor compressor = new();
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return compressor.Wrap(data).ToArray();
    }

    private async Task<double> TimeAsync(DirectoryInfo directory, string name, int entries)
    {
        TarBuilder tar = new();
        for (int i = 0; i < entries; i++)
        {
            tar.File($"{i % 300}/{i % 7}/{i}", "x");
        }

        string root = directory.CreateSubdirectory(name).FullName;
        byte[] layer = tar.Build();
        long start = TimeProvider.System.GetTimestamp();
        ApplyResult result = await _fixture.ApplyAsync(layer, root: root);
        Assert.Equal(entries, result.Entries);
        return TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
    }
}
