using Gantry.Archive.Diff;
using Gantry.Archive.Tar;
using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Diff;

/// <summary>What others read in the layers made here.</summary>
public sealed class PeerTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public PeerTests()
    {
        Needs.Root();
        Directory.CreateDirectory(Upper);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Upper => _temp["upper"];

    public void Dispose()
    {
        DirectoryTree.Remove(_temp.Path);
        _temp.Dispose();
    }

    [Fact]
    public async Task Umoci_unpacks_a_layer_to_the_tree_that_it_was_made_of()
    {
        Needs.Program("umoci");
        await Shell.RunAsync(_temp.Path, """
            mkdir -p upper/bin upper/etc/sub; printf prog >upper/bin/ping; chmod 755 upper/bin/ping; setcap cap_net_raw+ep upper/bin/ping
            printf su >upper/bin/su; chmod 6755 upper/bin/su; ln upper/bin/su upper/etc/su2; ln -s /etc/one upper/link
            mkfifo upper/fifo; mknod upper/null c 1 3; mknod upper/disk b 8 17; chown 1500000000:4000000 upper/etc/sub
            setfattr -n user.k -v 0x00ff0a upper/etc/su2; truncate -s 3M upper/sparse; printf end >>upper/sparse
            printf x >upper/etc/$(printf '%0120d' 1); mkdir -p upper/$(printf '%0200d' 2)/b; printf x >upper/$'n\n \303\274'
            touch -h -d '1999-12-31 23:59:59.123456789' upper/link upper/bin/su; chmod 1777 upper/etc
            """);
        await WriteAsync(null, "layer.tar");

        await Shell.RunAsync(_temp.Path, """
            umoci init --layout img; umoci new --image img:t; umoci raw add-layer --image img:t layer.tar
            umoci unpack --image img:t bundle
            """);

        Assert.Equal(Tree.Describe(Upper), Tree.Describe(_temp["bundle/rootfs"]));
    }

    [Fact]
    public async Task Gnu_tar_lists_a_layer_with_whiteouts_in_the_order_of_names()
    {
        await Shell.RunAsync(_temp.Path, """
            mkdir -p lower/d/gone lower/same; echo 1 >lower/d/file; echo 1 >lower/d/kept; echo 1 >lower/same/f
            cp -a lower/. upper; rm -r upper/d/gone upper/d/file; mkdir upper/d/new; ln upper/d/kept upper/a
            find upper lower -exec touch -h -d '2020-02-02 02:02:02 UTC' {} +; touch -d '2021-01-01 UTC' upper/d upper/d/new
            """);

        await WriteAsync(_temp["lower"], "layer.tar");

        string list = await Shell.RunAsync(_temp.Path, "TZ=UTC tar -tv --numeric-owner -f layer.tar | tr -s ' '");
        Assert.Equal(
            """
            -rw-r--r-- 0/0 2 2020-02-02 02:02 a
            drwxr-xr-x 0/0 0 2021-01-01 00:00 d/
            ---------- 0/0 0 1970-01-01 00:00 d/.wh.file
            ---------- 0/0 0 1970-01-01 00:00 d/.wh.gone
            hrw-r--r-- 0/0 0 2020-02-02 02:02 d/kept link to a
            drwxr-xr-x 0/0 0 2021-01-01 00:00 d/new/

            """,
            list);
    }

    [Fact]
    public async Task No_entry_is_younger_than_the_source_date_epoch()
    {
        await Shell.RunAsync(_temp.Path, """
            mkdir lower upper/d; touch lower/gone; touch -d '2020-01-01 UTC' upper/old; touch -d '2030-01-01 UTC' upper/d/young upper/d
            """);

        await WriteAsync(_temp["lower"], "layer.tar", new DateTimeOffset(2025, 5, 5, 0, 0, 0, TimeSpan.Zero));

        string times = await Shell.RunAsync(_temp.Path, "TZ=UTC tar -tvf layer.tar | awk '{ print $4, $6 }'");
        Assert.Equal("2025-05-05 d/\n2025-05-05 d/young\n2025-05-05 .wh.gone\n2020-01-01 old\n", times);
    }

    [Fact]
    public async Task A_file_of_nine_gigabytes_is_listed_with_its_size()
    {
        const long size = 9L << 30;
        await using (FileStream tar = File.Create(_temp["head.tar"]))
        {
            TarWriter writer = new(tar);
            TarEntry entry = new() { Type = TarEntryType.Regular, Name = "big"u8.ToArray(), Size = size };
            await writer.WriteHeaderAsync(entry, Token);

            // As much of it as makes the writer write.
            await writer.WriteZeroDataAsync(1 << 20, Token);
        }

        string list = await Shell.RunAsync(_temp.Path, "tar -tvf head.tar 2>/dev/null || true");

        Assert.Contains($" {size} ", list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_overlay_with_redirected_directories_is_left_to_the_kernel()
    {
        using OverlayFixture fixture = new();
        await Shell.RunAsync(fixture.Lower, "mkdir -p d/e; echo 1 >d/e/f");
        fixture.MountBefore();
        fixture.Mount("redirect_dir=on");
        Directory.Move(Path.Combine(fixture.Merged, "d"), Path.Combine(fixture.Merged, "moved"));

        Assert.Null(await fixture.TryWriteUpperAsync());
        IReadOnlyList<string> applied = await fixture.ApplyToCopyAsync(await fixture.WriteChangesAsync());
        Assert.Equal(LinkTree.Describe(fixture.Merged), applied);
    }

    [Fact]
    public async Task An_overlay_that_has_copied_only_metadata_is_left_to_the_kernel()
    {
        using OverlayFixture fixture = new();
        await Shell.RunAsync(fixture.Lower, "seq 10000 >f; mkdir d; seq 10 >d/g");
        fixture.MountBefore();
        fixture.Mount("metacopy=on");
        await Shell.RunAsync(fixture.Merged, "chmod 700 f d/g");

        Assert.Null(await fixture.TryWriteUpperAsync());
        IReadOnlyList<string> applied = await fixture.ApplyToCopyAsync(await fixture.WriteChangesAsync());
        Assert.Equal(LinkTree.Describe(fixture.Merged), applied);
    }

    [Fact]
    public async Task Attributes_of_the_overlay_and_of_the_host_stay_out_of_the_layer()
    {
        await Shell.RunAsync(_temp.Path, """
            mkdir upper/d; setfattr -n trusted.overlay.opaque -v y upper/d; setfattr -n trusted.secret -v 1 upper/d
            setfattr -n user.overlay.opaque -v y upper/d; setfattr -n user.kept -v 1 upper/d
            """);

        await WriteAsync(null, "layer.tar");

        string attributes = await Shell.RunAsync(_temp.Path, "tar --xattrs --xattrs-include='*' -tvvf layer.tar | grep '  x:' || true");
        Assert.Equal("  x: 1 user.kept\n", attributes);
    }

    [Fact]
    public async Task The_same_change_gives_the_same_bytes_by_either_way()
    {
        using OverlayFixture fixture = new();
        new RandomTree(7).Change(fixture.Lower, 60);
        await Shell.RunAsync(fixture.Lower, "find . -type f -links +1 -delete; mkdir -p d/e; echo 1 >d/f; echo 2 >d/e/g");
        fixture.MountBefore();
        fixture.Mount();
        await Shell.RunAsync(fixture.Merged, "rm -r d; mkdir -p d/e n/m; echo 2 >d/e/g; echo 3 >n/m/o; chmod 700 d/e; rm -rf c");

        byte[] walked = await fixture.WriteChangesAsync();

        Assert.Equal(walked, await fixture.TryWriteUpperAsync());
        Assert.Equal(walked, await fixture.WriteChangesAsync());
    }

    private async Task WriteAsync(string? lower, string name, DateTimeOffset? epoch = null)
    {
        await using FileStream tar = File.Create(_temp[name]);
        await LayerDiffer.WriteChangesAsync(lower, Upper, tar, new TarDiffOptions { SourceDateEpoch = epoch }, Token);
    }
}
