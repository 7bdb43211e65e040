using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Gantry.Linux.Tests.Syscalls;

public sealed class FileCallsTests : IDisposable
{
    private static readonly byte[] NotUtf8 = [0xff, 0xfe, (byte)'x'];

    private readonly TempDirectory _temp = new();
    private readonly SafeFileHandle _root;

    public FileCallsTests() => _root = Open.Directory(_temp.Path);

    public void Dispose()
    {
        _root.Dispose();
        DirectoryTree.Remove(_temp.Path);
    }

    [Fact]
    public void A_name_that_is_no_text_survives_every_call()
    {
        Assert.Equal(0, Link.TryMakeDirectory(_root, NotUtf8, 0x1C0));
        Assert.Equal(0, Link.TrySymbolic(NotUtf8, _root, "link"u8));

        Assert.Equal(0, Link.TryReadSymbolic(_root, "link"u8, out byte[]? target));
        Assert.Equal(NotUtf8, target);
        using SafeFileHandle again = Open.Directory(_temp.Path);
        Assert.Contains(DirectoryTree.List(again), entry => entry.Name.AsSpan().SequenceEqual(NotUtf8));
        Assert.Equal(0, Link.TryRename(_root, NotUtf8, _root, "plain"u8, RenameFlags.NoReplace));
        Assert.True(Directory.Exists(_temp["plain"]));
    }

    [Fact]
    public void A_rename_that_must_not_replace_reports_EEXIST()
    {
        File.WriteAllText(_temp["a"], "a");
        File.WriteAllText(_temp["b"], "b");

        LinuxException error = Assert.Throws<LinuxException>(
            () => Link.Rename(_temp["a"], _temp["b"], RenameFlags.NoReplace));

        Assert.Equal(Errno.EEXIST, error.Errno);
        Link.Rename(_temp["a"], _temp["b"], RenameFlags.Exchange);
        Assert.Equal("b", File.ReadAllText(_temp["a"]));
    }

    [Fact]
    public void A_file_without_a_name_can_be_given_one()
    {
        using SafeFileHandle file = Open.Path(_temp.Path, OpenFlags.O_WRONLY | OpenFlags.O_TMPFILE, 0x180);
        FileData.Write(file, "now"u8);

        Assert.Equal(0, Link.TryHard(file, _root, "named"u8));

        Assert.Equal("now", File.ReadAllText(_temp["named"]));
    }

    [Fact]
    public void Times_keep_their_nanoseconds()
    {
        File.WriteAllText(_temp["file"], "");
        Assert.Equal(0, Link.TrySymbolic("nowhere"u8, _root, "link"u8));
        using SafeFileHandle file = Open.At(_root, "file"u8, OpenFlags.O_WRONLY);

        FileTimes.Set(file, new Timespec(1, 2), new Timespec(1_700_000_000, 123_456_789));
        FileTimes.SetAt(_root, "link"u8, new Timespec(3, 4), new Timespec(5, 999_999_999));

        Assert.Equal(new Timespec(1_700_000_000, 123_456_789), Stat.Of(file).Modified);
        Assert.Equal(0, Stat.TryAt(_root, "link"u8, out FileStatus link));
        Assert.Equal(new Timespec(5, 999_999_999), link.Modified);
        Assert.Equal(new Timespec(3, 4), link.Accessed);
    }

    [Fact]
    public void Attributes_are_bytes_on_files_and_on_links()
    {
        Needs.Root();
        byte[] value = [0, 1, 0xff, (byte)'\n', 0];
        File.WriteAllText(_temp["file"], "");
        Assert.Equal(0, Link.TrySymbolic("nowhere"u8, _root, "link"u8));
        using SafeFileHandle file = Open.At(_root, "file"u8, OpenFlags.O_RDWR);

        Assert.Equal(0, Xattr.TrySet(file, "trusted.gantry"u8, value));
        Assert.Equal(0, Xattr.TrySetAt(_root, "link"u8, "trusted.gantry"u8, value));

        Assert.Equal(value, Xattr.Get(file, "trusted.gantry"u8));
        Assert.Equal(value, Xattr.GetAt(_root, "link"u8, "trusted.gantry"u8));
        Assert.Equal("trusted.gantry"u8.ToArray(), Assert.Single(Xattr.ListAt(_root, "link"u8)));
        Assert.Equal(0, Xattr.TryRemove(file, "trusted.gantry"u8));
        Assert.Null(Xattr.Get(file, "trusted.gantry"u8));
        Assert.Equal(Errno.ENODATA, Xattr.TryRemove(file, "trusted.gantry"u8));
    }

    [Fact]
    public void Owner_mode_and_device_numbers_are_those_that_were_set()
    {
        Needs.Root();
        Assert.Equal(0, Link.TryMakeNode(_root, "null"u8, InodeMode.S_IFCHR | 0x1B6, 1, 3));
        Assert.Equal(0, Link.TryMakeNode(_root, "white"u8, InodeMode.S_IFCHR, 0, 0));
        Ownership.SetAt(_root, "null"u8, 12, 34);
        Permissions.SetAt(_root, "null"u8, 0x9B6);

        Assert.Equal(0, Stat.TryAt(_root, "null"u8, out FileStatus status));
        Assert.Equal(0, Stat.TryAt(_root, "white"u8, out FileStatus white));

        Assert.Equal((12u, 34u), (status.Uid, status.Gid));
        Assert.Equal(InodeMode.S_IFCHR | 0x9B6, status.Mode);
        Assert.Equal((1u, 3u), (status.RdevMajor, status.RdevMinor));
        Assert.False(status.IsWhiteout);
        Assert.True(white.IsWhiteout);
    }

    [Fact]
    public void Data_of_a_sparse_file_is_found()
    {
        using SafeFileHandle file = Open.At(_root, "sparse"u8, OpenFlags.O_RDWR | OpenFlags.O_CREAT, 0x180);
        FileData.SetLength(file, 1 << 20);
        FileData.WriteAt(file, "x"u8, 512 * 1024);

        Assert.True(FileData.TryFindData(file, 0, out long start, out long end));
        Assert.InRange(512 * 1024, start, end - 1);
        Assert.False(FileData.TryFindData(file, end, out _, out _));
    }

    [Fact]
    public void A_clone_is_made_or_declined_and_never_half_done()
    {
        File.WriteAllText(_temp["from"], "text");
        using SafeFileHandle from = Open.At(_root, "from"u8, OpenFlags.O_RDONLY);
        using SafeFileHandle to = Open.At(_root, "to"u8, OpenFlags.O_RDWR | OpenFlags.O_CREAT, 0x180);

        bool cloned = FileClone.TryClone(from, to);

        Assert.Equal(cloned ? 4 : 0, Stat.Of(to).Size);
    }

    [Fact]
    public void Syncs_work_on_files_directories_and_filesystems()
    {
        using SafeFileHandle file = Open.At(_root, "f"u8, OpenFlags.O_RDWR | OpenFlags.O_CREAT, 0x180);

        FileSync.Fsync(file);
        FileSync.Fdatasync(file);
        FileSync.FsyncDirectory(_temp.Path);
        FileSync.Syncfs(_temp.Path);
        LinuxException error = Assert.Throws<LinuxException>(() => FileSync.FsyncDirectory(_temp["none"]));

        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    [Fact]
    public void A_tree_deeper_than_any_path_and_with_names_that_are_no_text_is_removed()
    {
        SafeFileHandle here = Open.Directory(_temp.Path);
        Assert.Equal(0, Link.TryMakeDirectory(here, "top"u8, 0x1C0));
        byte[] name = "top"u8.ToArray();
        for (int depth = 0; depth < 1500; depth++)
        {
            SafeFileHandle next = Open.At(here, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            here.Dispose();
            here = next;
            name = NotUtf8;
            Assert.Equal(0, Link.TryMakeDirectory(here, name, 0x1C0));
        }

        here.Dispose();
        File.WriteAllText(_temp["beside"], "");
        File.CreateSymbolicLink(_temp["top/out"], _temp["beside"]);

        DirectoryTree.Remove(_temp["top"]);
        DirectoryTree.Remove(_temp["top"]);

        Assert.False(Directory.Exists(_temp["top"]));
        Assert.True(File.Exists(_temp["beside"]));
    }
}
