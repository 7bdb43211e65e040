using Gantry.Archive.Apply;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

public sealed class WhiteoutTests : IDisposable
{
    private static readonly ApplyOptions Overlay = new() { OverlayMode = true };

    private readonly ApplyFixture _fixture = new();

    public void Dispose()
    {
        foreach (string lower in (string[])["lower1", "lower2", "work", "merged"])
        {
            DirectoryTree.Remove(Path.Combine(_fixture.Path, lower));
        }

        _fixture.Dispose();
    }

    [Fact]
    public async Task In_a_directory_a_whiteout_deletes_what_was_there_before()
    {
        await _fixture.ApplyAsync(new TarBuilder().File("d/gone", "1").File("d/kept", "1").File("tree/a/b", "1").Build());

        await _fixture.ApplyAsync(new TarBuilder().File("d/.wh.gone").File(".wh.tree").File(".wh.never").Build());

        Assert.Equal(["/d", "/d/kept"], Names(_fixture.Root));
    }

    [Fact]
    public async Task In_a_directory_opaque_deletes_what_was_there_before_and_nothing_of_the_layer()
    {
        await _fixture.ApplyAsync(
            new TarBuilder().File("d/old", "1").File("d/sub/old", "1").File("d/other/old", "1").Build());

        await _fixture.ApplyAsync(new TarBuilder()
            .File("d/new", "2")
            .File("d/sub/new", "2")
            .File("d/.wh..wh..opq")
            .File("d/later", "2")
            .Build());

        Assert.Equal(["/d", "/d/later", "/d/new", "/d/sub", "/d/sub/new"], Names(_fixture.Root));
    }

    [Fact]
    public async Task What_the_layer_brings_itself_is_never_deleted_by_it()
    {
        await _fixture.ApplyAsync(new TarBuilder().File("a", "old").File("b/old", "old").Build());

        await _fixture.ApplyAsync(new TarBuilder()
            .File("a", "new")
            .File(".wh.a")
            .Directory("b/")
            .File("b/new", "new")
            .File(".wh.b")
            .Build());

        Assert.Equal("new", File.ReadAllText(_fixture["a"]));
        Assert.Equal(["/a", "/b", "/b/new"], Names(_fixture.Root));
    }

    [Fact]
    public async Task Names_that_are_AUFS_own_affair_are_passed_over()
    {
        await _fixture.ApplyAsync(new TarBuilder()
            .Directory(".wh..wh.plnk/")
            .File(".wh..wh.plnk/1.2", "x")
            .File("d/.wh..wh.aufs")
            .File("d/f")
            .Build());

        Assert.Equal(["/d", "/d/f"], Names(_fixture.Root));
    }

    [Fact]
    public async Task In_an_overlay_whiteouts_are_devices_and_opaque_is_an_attribute()
    {
        await _fixture.ApplyAsync(
            new TarBuilder().Add("d/.wh.gone", '0', uid: 7, gid: 8).File("d/.wh..wh..opq").Build(), Overlay);

        FileStatus gone = _fixture.Status("d/gone");
        Assert.True(gone.IsWhiteout);
        Assert.Equal((7u, 8u), (gone.Uid, gone.Gid));
        Assert.Equal("y"u8.ToArray(), _fixture.Xattr("d", "trusted.overlay.opaque"));
        Assert.Equal(["/d", "/d/gone"], Names(_fixture.Root));
    }

    [Fact]
    public async Task In_an_overlay_for_users_opaque_is_a_user_attribute()
    {
        await _fixture.ApplyAsync(
            new TarBuilder().File("d/.wh..wh..opq").Build(), Overlay with { UserXattr = true });

        Assert.Equal("y"u8.ToArray(), _fixture.Xattr("d", "user.overlay.opaque"));
        Assert.Null(_fixture.Xattr("d", "trusted.overlay.opaque"));
    }

    [Fact]
    public async Task The_kernel_shows_the_same_tree_for_an_overlay_as_for_one_directory()
    {
        byte[] first = new TarBuilder()
            .Directory("a/").File("a/1", "1").File("a/2", "1").File("a/s/x", "1")
            .Directory("b/", mode: 0x1F8).File("b/1", "1").File("c", "1").Directory("e/").File("e/1", "1")
            .Build();
        byte[] second = new TarBuilder()
            .File("a/.wh.1").File("b/.wh..wh..opq").File("b/2", "2").File(".wh.c").Directory("c/").File("c/new", "2")
            .Build();
        byte[] third = new TarBuilder()
            .File("a/s/y", "3").File(".wh.b").Directory("b/").File("b/3", "3")
            .Directory("e/").File("e/2", "3").File(".wh.e").File("c/.wh.new")
            .Build();
        string lower1 = _fixture.MakeDirectory("lower1");
        string lower2 = _fixture.MakeDirectory("lower2");
        string plain = _fixture.MakeDirectory("plain");
        string merged = _fixture.MakeDirectory("merged");
        _fixture.MakeDirectory("work");

        foreach (byte[] layer in new[] { first, second, third })
        {
            await _fixture.ApplyAsync(layer, root: plain);
        }

        await _fixture.ApplyAsync(first, Overlay, lower1);
        await _fixture.ApplyAsync(second, Overlay with { LowerDirectories = [lower1] }, lower2);
        await _fixture.ApplyAsync(third, Overlay with { LowerDirectories = [lower2, lower1] });
        await Shell.RunAsync(
            _fixture.Path, "mount -t overlay overlay -o lowerdir=lower2:lower1,upperdir=root,workdir=work merged");
        try
        {
            Assert.Equal(Tree.Describe(plain, times: false), Tree.Describe(merged, times: false));
            Assert.Contains(Names(plain), name => name == "/b/3");
            Assert.Equal(["/a", "/a/2", "/a/s", "/a/s/x", "/a/s/y", "/b", "/b/3", "/c", "/e", "/e/2"], Names(merged));
        }
        finally
        {
            await Shell.RunAsync(_fixture.Path, "umount merged");
            DirectoryTree.Remove(plain);
        }
    }

    [Fact]
    public async Task A_directory_that_only_layers_below_have_takes_its_attributes_from_the_nearest()
    {
        string lower1 = _fixture.MakeDirectory("lower1");
        string lower2 = _fixture.MakeDirectory("lower2");
        await Shell.RunAsync(_fixture.Path, """
            mkdir -p lower1/a/b lower1/hidden/x lower2/a
            chown 1:2 lower1/a; chown 3:4 lower1/a/b; chmod 1770 lower1/a/b; setfattr -n user.x -v y lower1/a/b
            chown 5:6 lower2/a; chmod 711 lower2/a; touch -d @1000000000.5 lower2/a lower1/a/b
            chmod 700 lower1/hidden lower1/hidden/x; mknod lower2/hidden c 0 0
            """);

        await _fixture.ApplyAsync(
            new TarBuilder().File("a/b/file", "x").File("hidden/x/file", "x").Build(),
            Overlay with { LowerDirectories = [lower2, lower1] });

        FileStatus a = _fixture.Status("a");
        FileStatus b = _fixture.Status("a/b");
        Assert.Equal((5u, 6u, InodeMode.S_IFDIR | 0x1C9), (a.Uid, a.Gid, a.Mode));
        Assert.Equal((3u, 4u, InodeMode.S_IFDIR | 0x3F8), (b.Uid, b.Gid, b.Mode));
        Assert.Equal("y"u8.ToArray(), _fixture.Xattr("a/b", "user.x"));
        Assert.Equal(new Timespec(1_000_000_000, 500_000_000), a.Modified);
        Assert.Equal(new Timespec(1_000_000_000, 500_000_000), b.Modified);
        Assert.Equal(InodeMode.S_IFDIR | 0x1ED, _fixture.Status("hidden").Mode);
        Assert.Equal(InodeMode.S_IFDIR | 0x1ED, _fixture.Status("hidden/x").Mode);
    }

    [Fact]
    public async Task A_hard_link_to_a_file_of_a_layer_below_links_to_a_copy_of_it()
    {
        string lower1 = _fixture.MakeDirectory("lower1");
        await Shell.RunAsync(
            _fixture.Path,
            "mkdir lower1/bin; printf prog >lower1/bin/p; chown 1:2 lower1/bin/p; chmod 4711 lower1/bin/p; "
            + "setfattr -n user.x -v y lower1/bin/p; touch -d @1000000000.25 lower1/bin/p; chmod 700 lower1/bin");

        await _fixture.ApplyAsync(
            new TarBuilder().Add("q", '1', link: "bin/p", mode: 0x9C9, uid: 1, gid: 2, mtime: 1_000_000_000).Build(),
            Overlay with { LowerDirectories = [lower1] });

        FileStatus copy = _fixture.Status("bin/p");
        Assert.Equal("prog", File.ReadAllText(_fixture["q"]));
        Assert.Equal((1u, 2u, InodeMode.S_IFREG | 0x9C9, 2u), (copy.Uid, copy.Gid, copy.Mode, copy.Links));
        Assert.Equal(copy.Inode, _fixture.Status("q").Inode);
        Assert.Equal("y"u8.ToArray(), _fixture.Xattr("q", "user.x"));
        Assert.Equal(InodeMode.S_IFDIR | 0x1C0, _fixture.Status("bin").Mode);
    }

    [Theory]
    [InlineData("bin/.wh.p")]
    [InlineData("bin/.wh..wh..opq")]
    public async Task A_hard_link_to_a_file_that_the_layer_has_deleted_fails(string whiteout)
    {
        string lower1 = _fixture.MakeDirectory("lower1");
        await Shell.RunAsync(_fixture.Path, "mkdir lower1/bin; printf prog >lower1/bin/p");

        GantryException error = await Assert.ThrowsAsync<GantryException>(() =>
            _fixture.ApplyAsync(
                new TarBuilder().File(whiteout).HardLink("q", "bin/p").Build(),
                Overlay with { LowerDirectories = [lower1] }));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    private static List<string> Names(string root) =>
        [.. Tree.Describe(root).Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)])];
}
