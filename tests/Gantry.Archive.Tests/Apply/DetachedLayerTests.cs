using System.Globalization;
using System.Text.RegularExpressions;
using Gantry.Archive.Apply;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

/// <summary>A layer that is applied before those below it comes out as if it had been applied after them.</summary>
public sealed partial class DetachedLayerTests : IDisposable
{
    private static readonly ApplyOptions Overlay = new() { OverlayMode = true };

    private readonly ApplyFixture _fixture = new();
    private readonly List<string> _directories = [];

    public void Dispose()
    {
        _directories.ForEach(DirectoryTree.Remove);
        File.Delete(Note);
        _fixture.Dispose();
    }

    private string Note => Path.Combine(_fixture.Path, "note");

    [Fact]
    public async Task Directories_that_it_does_not_mention_are_those_below()
    {
        byte[] below = new TarBuilder()
            .Pax(("SCHILY.xattr.user.x", "y")).Add("a/", '5', mode: 0x1C0, uid: 7, gid: 8, mtime: 1_500_000_000)
            .Directory("a/b/", 0x1E8, 1_500_000_001)
            .Add("staff/", '5', mode: 0x5FD, gid: 50)
            .Directory("gone/", 0x1C0)
            .Directory("opaque/", 0x1C0).Directory("opaque/in/", 0x1C0)
            .File("file", "x")
            .Build();
        byte[] above = new TarBuilder().File(".wh.gone").File("opaque/.wh..wh..opq").File("b/c", "x").Build();
        byte[] layer = new TarBuilder()
            .File("a/b/f", "1").File("a/c/d/f", "2")
            .File("staff/in/deep/f", "3")
            .File("gone/f", "4")
            .File("opaque/in/f", "5")
            .File("file/f", "6")
            .File("b/f", "7").Directory("b/", 0x1C7)
            .File("a/new/f", "8").Directory("a/new/", 0x1C7)
            .File(".wh.new").File("new/f", "9")
            .File("a/.wh.gone").File("b/.wh..wh..opq")
            .Build();

        IReadOnlyList<string> result = await AssertSameAsync([below, above], layer);

        Assert.Contains(result, line => line.StartsWith("/a 40700 7:8 mtime=1500000000.", StringComparison.Ordinal)
            && line.Contains("user.x=79", StringComparison.Ordinal));
        Assert.Contains(result, line => line.StartsWith("/staff 42775 0:50", StringComparison.Ordinal));
        Assert.Contains(result, line => line.StartsWith("/staff/in 40755 0:50", StringComparison.Ordinal));
        Assert.Contains(result, line => line.StartsWith("/gone 40755 0:0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Layers_made_at_random_come_out_the_same()
    {
        int detached = 0;
        for (int seed = 1; seed <= 150; seed++)
        {
            Random random = new(seed);
            byte[][] lower = [RandomLayer(random), RandomLayer(random), RandomLayer(random)];
            byte[] layer = RandomLayer(random);

            detached += await TrySameAsync(lower, layer, $"seed {seed}") is null ? 0 : 1;
        }

        Assert.InRange(detached, 50, 150);
    }

    [Fact]
    public async Task A_hard_link_to_a_file_below_can_not_be_made_before_that_is_there()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => ApplyDetachedAsync(new TarBuilder().HardLink("q", "bin/p").Build(), "upper"));

        Assert.Equal(ErrorKind.NotImplemented, error.Kind);
    }

    [Fact]
    public async Task A_directory_below_that_hands_on_access_rights_can_not_be_attached_to()
    {
        string lower = Make("lower");
        string directory = Directory.CreateDirectory(Path.Combine(lower, "a")).FullName;
        // As setfacl -d -m u:7:rwx makes it.
        string list = "0x0200000001000700ffffffff020007000700000004000500ffffffff10000700ffffffff20000500ffffffff";
        await Shell.RunAsync(_fixture.Path, $"setfattr -n system.posix_acl_default -v {list} {directory}");
        string upper = await ApplyDetachedAsync(new TarBuilder().File("a/f", "x").Build(), "upper");

        GantryException error = Assert.Throws<GantryException>(
            () => LayerAttacher.Attach(upper, [lower], ReadNote()!, userXattr: false));

        Assert.Equal(ErrorKind.NotImplemented, error.Kind);
    }

    [Fact]
    public async Task The_note_is_empty_until_the_layer_is_whole_and_new_each_time()
    {
        await ApplyDetachedAsync(new TarBuilder().File("a/f", "x").Build(), "first");
        DetachedNote first = ReadNote()!;
        await ApplyDetachedAsync(new TarBuilder().File("a/f", "x").Build(), "second");
        DetachedNote second = ReadNote()!;

        await Assert.ThrowsAsync<GantryException>(
            () => ApplyDetachedAsync(new TarBuilder().File("a/f", "x").Build()[..700], "third"));

        Assert.Null(ReadNote());
        Assert.Equal("a"u8.ToArray(), Assert.Single(first.Directories).Path);
        Assert.False(first.Token.Span.SequenceEqual(second.Token.Span));
    }

    [Fact]
    public async Task Without_the_file_for_the_note_nothing_is_applied()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => _fixture.ApplyAsync(
            new TarBuilder().File("f", "x").Build(), Overlay with { DetachedNote = Note }));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Empty(Directory.GetFileSystemEntries(_fixture.Root));
    }

    private static byte[] RandomLayer(Random random)
    {
        TarBuilder tar = new();
        for (int i = random.Next(1, 9); i > 0; i--)
        {
            string path = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => "abc"[random.Next(3)]));
            uint mode = (uint)random.Next(0x200) | (random.Next(4) == 0 ? InodeMode.S_ISGID : 0);
            string whiteout = path.Insert(path.LastIndexOf('/') + 1, ".wh.");
            switch (random.Next(10))
            {
                case < 4:
                    tar.Add(path, '0', "data"u8.ToArray(), mode: mode, uid: random.Next(3), gid: random.Next(3));
                    break;
                case < 7:
                    long time = 1_000_000_000 + random.Next(1000);
                    tar.Add(path + "/", '5', mode: mode, uid: random.Next(3), gid: random.Next(3), mtime: time);
                    break;
                case < 8:
                    tar.File(whiteout);
                    break;
                case < 9:
                    tar.File(path + "/.wh..wh..opq");
                    break;
                default:
                    tar.Symlink(path, "abc"[random.Next(3)].ToString(CultureInfo.InvariantCulture));
                    break;
            }
        }

        return tar.Build();
    }

    private async Task<IReadOnlyList<string>> AssertSameAsync(byte[][] lower, byte[] layer)
    {
        IReadOnlyList<string>? result = await TrySameAsync(lower, layer, "");
        Assert.NotNull(result);
        return result;
    }

    /// <summary>Applies a layer both ways; null when neither way it can be, or not before those below.</summary>
    private async Task<IReadOnlyList<string>?> TrySameAsync(byte[][] lower, byte[] layer, string because)
    {
        List<string> below = [];
        foreach (byte[] tar in lower)
        {
            string directory = Make($"lower{below.Count}");
            if (await TryApplyAsync(tar, below.Count == 0 ? new() : Overlay with { LowerDirectories = below }, directory))
            {
                below.Insert(0, directory);
            }
        }

        string serial = Make("serial");
        bool isApplied = await TryApplyAsync(layer, Overlay with { LowerDirectories = below }, serial);
        string detached;
        try
        {
            detached = await ApplyDetachedAsync(layer, "detached");
        }
        catch (GantryException e)
        {
            Assert.True(!isApplied || e.Kind == ErrorKind.NotImplemented, $"{because}: {e.Message}");
            return null;
        }

        Assert.True(isApplied, because);
        LayerAttacher.Attach(detached, below, ReadNote()!, userXattr: false);
        IReadOnlyList<string> expected = Lines(serial);
        IReadOnlyList<string> actual = Lines(detached);
        Assert.True(
            expected.SequenceEqual(actual),
            $"{because}\n{string.Join('\n', expected)}\n--\n{string.Join('\n', actual)}");
        return actual;
    }

    private async Task<bool> TryApplyAsync(byte[] tar, ApplyOptions options, string directory)
    {
        try
        {
            await _fixture.ApplyAsync(tar, options, directory);
            return true;
        }
        catch (GantryException)
        {
            return false;
        }
    }

    private async Task<string> ApplyDetachedAsync(byte[] layer, string name)
    {
        string directory = Make(name);
        await File.WriteAllBytesAsync(Note, [], TestContext.Current.CancellationToken);
        await _fixture.ApplyAsync(layer, Overlay with { DetachedNote = Note }, directory);
        return directory;
    }

    private DetachedNote? ReadNote() => DetachedNote.Parse(File.ReadAllBytes(Note));

    private string Make(string name)
    {
        string directory = Path.Combine(_fixture.Path, name);
        DirectoryTree.Remove(directory);
        _directories.Add(directory);
        return Directory.CreateDirectory(directory).FullName;
    }

    /// <summary>What is made when nothing says a time has the time of the test.</summary>
    private static List<string> Lines(string root) =>
        [.. Tree.Describe(root).Select(line => NowRule().Replace(line, " mtime=now"))];

    [GeneratedRegex(@" mtime=(1[7-9]|[2-9])\d{8}\.\d+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NowRule();
}
