using Gantry.Archive.Apply;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

public sealed class HostileLayerTests : IDisposable
{
    private readonly ApplyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("../../outside/victim")]
    [InlineData("/outside/victim")]
    [InlineData("a/../../../outside/victim")]
    [InlineData("./../outside/./victim")]
    public async Task A_name_that_leads_out_is_taken_from_the_root(string name)
    {
        await _fixture.ApplyAsync(new TarBuilder().File(name, "evil").Build());

        Assert.Equal("evil", File.ReadAllText(_fixture["outside/victim"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/outside")]
    [InlineData("../../../../../outside")]
    public async Task What_is_written_through_a_link_that_leads_out_lands_inside(string target)
    {
        await _fixture.ApplyAsync(new TarBuilder()
            .Symlink("out", target)
            .File("out/victim", "evil")
            .Directory("out/dir/")
            .Symlink("out/dir/link", "x")
            .HardLink("out/second", "out/victim")
            .Build());

        Assert.Equal(target, new FileInfo(_fixture["out"]).LinkTarget);
        Assert.Equal("evil", File.ReadAllText(_fixture["outside/victim"]));
        Assert.Equal(2u, _fixture.Status("outside/second").Links);
        _fixture.AssertNothingOutsideChanged();
    }

    [Fact]
    public async Task Links_to_links_and_back_up_stay_inside()
    {
        await _fixture.ApplyAsync(new TarBuilder()
            .Directory("a/")
            .Directory("a/b/")
            .Symlink("a/b/up", "../..")
            .Symlink("a/l1", "b/up/../../../outside")
            .File("a/l1/x", "1")
            .Symlink("l2", "/a/l1")
            .File("l2/y", "2")
            .Build());

        Assert.Equal("1", File.ReadAllText(_fixture["outside/x"]));
        Assert.Equal("2", File.ReadAllText(_fixture["outside/y"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Fact]
    public async Task A_directory_that_becomes_a_link_half_way_leads_nowhere_else()
    {
        await _fixture.ApplyAsync(new TarBuilder()
            .Directory("d/")
            .File("d/before", "1")
            .Symlink("d", "../outside")
            .File("d/victim", "2")
            .Build());

        Assert.Equal("../outside", new FileInfo(_fixture["d"]).LinkTarget);
        Assert.Equal("2", File.ReadAllText(_fixture["outside/victim"]));
        Assert.False(File.Exists(_fixture["outside/before"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Fact]
    public async Task A_file_replaces_a_link_instead_of_writing_through_it()
    {
        await _fixture.ApplyAsync(new TarBuilder()
            .Symlink("victim", "../outside/victim")
            .File("victim", "mine")
            .Build());

        Assert.Null(new FileInfo(_fixture["victim"]).LinkTarget);
        Assert.Equal("mine", File.ReadAllText(_fixture["victim"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Theory]
    [InlineData("../outside/victim")]
    [InlineData("/outside/victim")]
    [InlineData("out/victim")]
    [InlineData("..")]
    [InlineData("missing")]
    public async Task A_hard_link_to_a_file_outside_is_an_invalid_argument(string target)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => _fixture.ApplyAsync(
            new TarBuilder().Symlink("out", "../outside").HardLink("stolen", target).Build()));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.False(File.Exists(_fixture["stolen"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Fact]
    public async Task A_whiteout_through_a_link_that_leads_out_deletes_nothing_there()
    {
        Directory.CreateDirectory(_fixture["outside"]);
        File.WriteAllText(_fixture["outside/victim"], "inside");

        await _fixture.ApplyAsync(new TarBuilder()
            .Symlink("out", "../outside")
            .File("out/.wh.victim")
            .File("../outside/.wh..wh..opq")
            .Build());

        Assert.False(File.Exists(_fixture["outside/victim"]));
        _fixture.AssertNothingOutsideChanged();
    }

    [Theory]
    [InlineData(".wh.")]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    [InlineData("d/.wh...")]
    public async Task A_whiteout_of_the_directory_itself_is_an_invalid_argument(string name)
    {
        File.WriteAllText(_fixture["keep"], "");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _fixture.ApplyAsync(new TarBuilder().Directory("d/").File(name).Build()));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("invalid whiteout name", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_fixture["keep"]));
    }

    [Fact]
    public async Task A_loop_of_links_on_the_way_is_an_invalid_argument()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => _fixture.ApplyAsync(
            new TarBuilder().Symlink("a", "b").Symlink("b", "a").File("a/x").Build()));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("symbolic links", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_on_the_way_is_an_invalid_argument()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _fixture.ApplyAsync(new TarBuilder().File("a", "x").File("a/b", "y").Build()));

        Assert.Equal("mkparent /a: not a directory: invalid argument", error.Message);
    }

    [Fact]
    public async Task A_path_that_is_too_deep_or_a_name_that_is_too_long_is_an_invalid_argument()
    {
        string deep = string.Concat(Enumerable.Repeat("d/", 50)) + "f";
        ApplyOptions options = new() { Limits = new TarLimits { MaxPathDepth = 20 } };

        GantryException tooDeep = await Assert.ThrowsAsync<GantryException>(
            () => _fixture.ApplyAsync(new TarBuilder().File(deep).Build(), options));
        GantryException tooLong = await Assert.ThrowsAsync<GantryException>(() => _fixture.ApplyAsync(
            new TarBuilder().Pax(("path", new string('n', 256))).File("f").Build()));

        Assert.Equal(ErrorKind.InvalidArgument, tooDeep.Kind);
        Assert.Equal(ErrorKind.InvalidArgument, tooLong.Kind);
    }

    [Fact]
    public async Task A_layer_that_unpacks_to_more_than_the_limit_is_an_invalid_argument()
    {
        byte[] tar = new TarBuilder().Add("zeros", '0', new byte[1 << 20]).Build();

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _fixture.ApplyAsync(tar, new ApplyOptions { MaxUncompressedSize = 1 << 19 }));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task Attributes_of_the_host_and_of_the_overlay_are_not_set()
    {
        byte[] tar = new TarBuilder()
            .Pax(
                ("SCHILY.xattr.trusted.overlay.redirect", "/etc"),
                ("SCHILY.xattr.trusted.other", "x"),
                ("SCHILY.xattr.user.overlay.opaque", "y"),
                ("SCHILY.xattr.user.other", "kept"))
            .Directory("d/")
            .Build();

        ApplyResult result = await _fixture.ApplyAsync(
            tar, new ApplyOptions { OverlayMode = true, UserXattr = true });

        Assert.Equal(3, result.IgnoredXattrs);
        Assert.Null(_fixture.Xattr("d", "trusted.overlay.redirect"));
        Assert.Null(_fixture.Xattr("d", "trusted.other"));
        Assert.Null(_fixture.Xattr("d", "user.overlay.opaque"));
        Assert.Equal("kept"u8.ToArray(), _fixture.Xattr("d", "user.other"));
    }

    [Fact]
    public async Task A_user_attribute_of_a_link_is_passed_over()
    {
        byte[] tar = new TarBuilder().Pax(("SCHILY.xattr.user.x", "y")).Symlink("l", "t").Build();

        Assert.Equal(1, (await _fixture.ApplyAsync(tar)).IgnoredXattrs);
        Assert.Equal("t", new FileInfo(_fixture["l"]).LinkTarget);
    }

    [Fact]
    public async Task Archives_that_python_makes_of_hostile_names_stay_inside()
    {
        const string script = """
            python3 - <<'EOF'
            import tarfile, io
            t = tarfile.open('evil.tar', 'w', format=tarfile.PAX_FORMAT)
            def add(name, type=tarfile.REGTYPE, link='', data=b'evil'):
                i = tarfile.TarInfo(name); i.type = type; i.linkname = link; i.mode = 0o755
                i.size = len(data) if type == tarfile.REGTYPE else 0
                t.addfile(i, io.BytesIO(data))
            add('../outside/a'); add('/outside/b'); add('x/../../outside/c')
            add('evil', tarfile.SYMTYPE, '/..//../outside'); add('evil/victim')
            add('d', tarfile.DIRTYPE); add('d/e', tarfile.SYMTYPE, '../../outside'); add('d/e/victim2')
            add('.', tarfile.DIRTYPE); add('..', tarfile.DIRTYPE); add('/', tarfile.DIRTYPE)
            t.close()
            EOF
            """;
        await Shell.RunAsync(_fixture.Root, script);
        byte[] tar = await File.ReadAllBytesAsync(_fixture["evil.tar"], TestContext.Current.CancellationToken);

        await _fixture.ApplyAsync(tar);

        Assert.Equal(
            ["a", "b", "c", "victim", "victim2"],
            Directory.GetFiles(_fixture["outside"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        _fixture.AssertNothingOutsideChanged();
    }
}
