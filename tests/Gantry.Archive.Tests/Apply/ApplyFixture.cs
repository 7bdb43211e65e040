using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

/// <summary>A directory to apply layers to, with something beside it that must not change.</summary>
internal sealed class ApplyFixture : IDisposable
{
    private readonly TempDirectory _temp = new();

    public ApplyFixture()
    {
        Needs.Root();
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(_temp["outside"]);
        File.WriteAllText(_temp["outside/victim"], "untouched");
        OutsideBefore = Tree.Describe(_temp["outside"]);
    }

    public string Path => _temp.Path;

    public string Root => _temp["root"];

    public string this[string name] => System.IO.Path.Combine(Root, name);

    private IReadOnlyList<string> OutsideBefore { get; }

    public Task<ApplyResult> ApplyAsync(byte[] tar, ApplyOptions? options = null, string? root = null) =>
        LayerApplier.ApplyAsync(
            new MemoryStream(tar),
            LayerMediaTypes.Tar,
            root ?? Root,
            options ?? new ApplyOptions(),
            TestContext.Current.CancellationToken);

    public string MakeDirectory(string name) => Directory.CreateDirectory(_temp[name]).FullName;

    public void AssertNothingOutsideChanged()
    {
        Assert.Equal(OutsideBefore, Tree.Describe(_temp["outside"]));
        Assert.Subset(
            new HashSet<string>(StringComparer.Ordinal) { "root", "outside" },
            Directory.GetFileSystemEntries(_temp.Path).Select(System.IO.Path.GetFileName).ToHashSet(StringComparer.Ordinal)!);
    }

    public FileStatus Status(string name)
    {
        Assert.Equal(0, Stat.TryPath(this[name], out FileStatus status));
        return status;
    }

    public byte[]? Xattr(string name, string attribute)
    {
        using var directory = Open.Directory(System.IO.Path.GetDirectoryName(this[name])!);
        return Linux.Syscalls.Xattr.GetAt(
            directory,
            System.Text.Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(name)),
            System.Text.Encoding.UTF8.GetBytes(attribute));
    }

    public void Dispose()
    {
        DirectoryTree.Remove(Root);
        _temp.Dispose();
    }
}
