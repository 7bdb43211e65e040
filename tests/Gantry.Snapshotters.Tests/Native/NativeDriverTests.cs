using System.Collections.Immutable;
using System.Text;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Native;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Snapshotters.Tests.Native;

public sealed class NativeDriverTests : IAsyncDisposable
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;
    private static readonly byte[] Capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private readonly TempDirectory _root = new();
    private readonly NativeDriver _driver;

    public NativeDriverTests()
    {
        _driver = NativeDriver.Create(_root["native"], NullLogger<NativeDriver>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task Mounts_are_binds_of_the_copy_or_of_the_parent_that_is_viewed()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await CreateAsync(2, SnapshotKind.View, 1);

        Mount active = Assert.Single(await _driver.MountsAsync(1, SnapshotKind.Active, [], NoLabels, Token));
        Mount view = Assert.Single(await _driver.MountsAsync(2, SnapshotKind.View, [1], NoLabels, Token));

        Assert.Equal(("bind", Of(1)), (active.Type, active.Source));
        Assert.Equal(["rbind", "rw"], active.Options);
        Assert.Equal(Of(1), view.Source);
        Assert.Equal(["rbind", "ro"], view.Options);
        Assert.False(Directory.Exists(Of(2)));
    }

    [Fact]
    public async Task A_copy_has_everything_that_its_parent_has()
    {
        Needs.Root();
        await CreateAsync(1, SnapshotKind.Active);
        using (SafeFileHandle top = Open.Directory(Of(1)))
        {
            Fill(top);
            Permissions.Set(top, 0x1C0 | InodeMode.S_ISVTX);
        }

        await CreateAsync(2, SnapshotKind.Active, 1);

        Assert.Equal(Describe(Of(1)), Describe(Of(2)));
        Assert.Equal("data", await File.ReadAllTextAsync(Path.Combine(Of(2), "dir", "file"), Token));
    }

    [Fact]
    public async Task Writing_to_a_copy_leaves_the_parent_alone()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await File.WriteAllTextAsync(Path.Combine(Of(1), "a"), "parent", Token);
        await CreateAsync(2, SnapshotKind.Active, 1);

        await File.WriteAllTextAsync(Path.Combine(Of(2), "a"), "child", Token);

        Assert.Equal("parent", await File.ReadAllTextAsync(Path.Combine(Of(1), "a"), Token));
    }

    [Fact]
    public async Task Holes_stay_holes()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await using (FileStream sparse = File.Create(Path.Combine(Of(1), "sparse")))
        {
            sparse.Position = 8 << 20;
            sparse.WriteByte(1);
            sparse.SetLength(64 << 20);
        }

        await CreateAsync(2, SnapshotKind.Active, 1);

        Assert.Equal(0, Stat.TryPath(Path.Combine(Of(2), "sparse"), out FileStatus status));
        Assert.Equal(64 << 20, status.Size);
        Assert.InRange(status.Blocks * 512, 1, 1 << 20);
    }

    [Fact]
    public async Task A_link_out_of_the_tree_is_copied_and_not_followed()
    {
        await File.WriteAllTextAsync(_root["secret"], "secret", Token);
        Directory.CreateDirectory(_root["outside"]);
        await CreateAsync(1, SnapshotKind.Active);
        File.CreateSymbolicLink(Path.Combine(Of(1), "file"), _root["secret"]);
        File.CreateSymbolicLink(Path.Combine(Of(1), "dir"), _root["outside"]);

        await CreateAsync(2, SnapshotKind.Active, 1);

        Assert.Equal(_root["secret"], new FileInfo(Path.Combine(Of(2), "file")).LinkTarget);
        Assert.Equal(_root["outside"], new FileInfo(Path.Combine(Of(2), "dir")).LinkTarget);
    }

    [Fact]
    public async Task Usage_is_that_of_the_whole_copy()
    {
        await CreateAsync(1, SnapshotKind.Active);
        await File.WriteAllBytesAsync(Path.Combine(Of(1), "a"), new byte[100_000], Token);
        await CreateAsync(2, SnapshotKind.Active, 1);
        await CreateAsync(3, SnapshotKind.View, 1);

        Assert.Equal(await _driver.UsageAsync(1, [], Token), await _driver.UsageAsync(2, [], Token));
        Assert.Equal(default, await _driver.UsageAsync(3, [], Token));
    }

    /// <summary>One of each kind of file, with all that a file can have.</summary>
    private static void Fill(SafeFileHandle top)
    {
        Assert.Equal(0, Link.TryMakeDirectory(top, "dir"u8, 0x1FF));
        Assert.Equal(0, Link.TryMakeDirectory(top, "other"u8, 0x1C0));
        using SafeFileHandle directory = Open.At(top, "dir"u8, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        using SafeFileHandle other = Open.At(top, "other"u8, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        using (SafeFileHandle file = Open.At(directory, "file"u8, OpenFlags.O_WRONLY | OpenFlags.O_CREAT, 0x1A4))
        {
            FileData.Write(file, "data"u8);
            Ownership.Set(file, 1000, 2000);
            Permissions.Set(file, 0x1ED | InodeMode.S_ISUID | InodeMode.S_ISGID);
            Assert.Equal(0, Xattr.TrySet(file, "user.bytes"u8, [0, 255, 10, 61]));
            FileTimes.Set(file, new Timespec(11, 22), new Timespec(33, 44));
        }

        using (SafeFileHandle file = Open.At(top, "capable"u8, OpenFlags.O_WRONLY | OpenFlags.O_CREAT, 0x1ED))
        {
            Assert.Equal(0, Xattr.TrySet(file, "security.capability"u8, Capability));
        }

        // Across directories, and under a name that is no UTF-8.
        Assert.Equal(0, Link.TryHard(directory, "file"u8, other, [0xFF, 0x20, 0x0A]));
        Assert.Equal(0, Link.TrySymbolic("/no/such/place"u8, top, "link"u8));
        Ownership.SetAt(top, "link"u8, 7, 8);
        Assert.Equal(0, Link.TryMakeNode(top, "null"u8, InodeMode.S_IFCHR | 0x1B6, 1, 3));
        Assert.Equal(0, Link.TryMakeNode(top, "fifo"u8, InodeMode.S_IFIFO | 0x180, 0, 0));
        Assert.Equal(0, Link.TryMakeNode(top, "socket"u8, InodeMode.S_IFSOCK | 0x180, 0, 0));
        FileTimes.SetAt(top, "link"u8, new Timespec(5, 6), new Timespec(7, 8));
        FileTimes.SetAt(top, "dir"u8, new Timespec(1, 2), new Timespec(3, 4));
    }

    /// <summary>All that can be seen of a tree but inode numbers and times of access.</summary>
    private static string Describe(string root)
    {
        using SafeFileHandle top = Open.Directory(root);
        StringBuilder text = new();
        Dictionary<ulong, int> inodes = [];
        FileStatus status = Stat.Of(top);
        text.AppendLine($". {status.Mode:x} {status.Uid}:{status.Gid} {status.Modified}");
        Describe(top, "", text, inodes);
        return text.ToString();
    }

    private static void Describe(SafeFileHandle directory, string path, StringBuilder text, Dictionary<ulong, int> inodes)
    {
        foreach (DirectoryEntry entry in DirectoryTree.List(directory).OrderBy(e => Convert.ToHexString(e.Name)))
        {
            Assert.Equal(0, Stat.TryAt(directory, entry.Name, out FileStatus status));
            string name = $"{path}/{Convert.ToHexString(entry.Name)}";
            int number = inodes.TryGetValue(status.Inode, out int known) ? known : inodes[status.Inode] = inodes.Count;
            text.Append($"{name} {status.Mode:x} {status.Uid}:{status.Gid} {status.Links} {status.Modified} #{number}");
            text.Append(status.IsDirectory ? "" : $" {status.Size}");
            text.Append($" {status.RdevMajor}:{status.RdevMinor}");
            if (status.IsSymbolicLink)
            {
                Assert.Equal(0, Link.TryReadSymbolic(directory, entry.Name, out byte[]? target));
                text.Append($" -> {Convert.ToHexString(target!)}");
            }

            foreach (byte[] xattr in Xattr.ListAt(directory, entry.Name).OrderBy(Convert.ToHexString))
            {
                text.Append($" {Encoding.UTF8.GetString(xattr)}=");
                text.Append(Convert.ToHexString(Xattr.GetAt(directory, entry.Name, xattr)!));
            }

            text.AppendLine();
            if (status.IsDirectory)
            {
                using SafeFileHandle child = Open.At(
                    directory,
                    entry.Name,
                    OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
                Describe(child, name, text, inodes);
            }
        }
    }

    private string Of(long id) => _root[$"native/snapshots/{id}"];

    private Task CreateAsync(long id, SnapshotKind kind, params long[] parents) =>
        _driver.CreateAsync(id, kind, parents, NoLabels, Token);
}
