using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Archive.Diff;
using Gantry.Linux.Mounts;
using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Diff;

/// <summary>An overlay of the kernel's over a tree, to be changed and compared.</summary>
internal sealed class OverlayFixture : IDisposable
{
    private readonly TempDirectory _temp = new();
    private bool _isMounted;

    public OverlayFixture()
    {
        Needs.Root();
        foreach (string name in (string[])["base", "lower", "upper", "work", "merged", "applied", "applied-upper", "work2"])
        {
            Directory.CreateDirectory(_temp[name]);
        }
    }

    public string Path => _temp.Path;

    /// <summary>The farther of the two lower directories.</summary>
    public string Base => _temp["base"];

    public string Lower => _temp["lower"];

    public string Merged => _temp["merged"];

    public string Applied => _temp["applied"];

    public OverlayUpper Upper => new(_temp["upper"], [Lower, Base], UserXattr: false);

    /// <summary>What the lower directories show together.</summary>
    public string Before => _temp["before"];

    public void Mount(params string[] options)
    {
        string directories = $"lowerdir={Lower}:{Base},upperdir={_temp["upper"]},workdir={_temp["work"]}";
        MountCalls.Mount("overlay", "overlay", Merged, [.. options, "index=off", .. directories.Split(',')]);
        _isMounted = true;
    }

    public void MountBefore()
    {
        Directory.CreateDirectory(Before);
        MountCalls.Mount("overlay", "overlay", Before, ["ro", $"lowerdir={Lower}:{Base}"]);
    }

    public async Task<byte[]> WriteChangesAsync(TarDiffOptions? options = null)
    {
        using MemoryStream tar = new();
        await LayerDiffer.WriteChangesAsync(
            Before, Merged, tar, options ?? new TarDiffOptions(), TestContext.Current.CancellationToken);
        return tar.ToArray();
    }

    public async Task<byte[]?> TryWriteUpperAsync(TarDiffOptions? options = null)
    {
        using MemoryStream tar = new();
        return await LayerDiffer.TryWriteUpperAsync(
            Upper, tar, options ?? new TarDiffOptions(), TestContext.Current.CancellationToken) is null
            ? null
            : tar.ToArray();
    }

    /// <summary>Applies a layer to a copy of what was before.</summary>
    public async Task<IReadOnlyList<string>> ApplyToCopyAsync(byte[] tar)
    {
        DirectoryTree.Remove(Applied);
        await Shell.RunAsync(Path, $"cp -a {Before} {Applied}");
        await ApplyAsync(tar, Applied, new ApplyOptions());
        return LinkTree.Describe(Applied);
    }

    /// <summary>Applies a layer to an upper directory, and looks at it through the kernel's overlay.</summary>
    public async Task<IReadOnlyList<string>> ApplyToUpperAsync(byte[] tar)
    {
        await ApplyAsync(
            tar, _temp["applied-upper"], new ApplyOptions { OverlayMode = true, LowerDirectories = [Lower, Base] });
        DirectoryTree.Remove(Applied);
        Directory.CreateDirectory(Applied);
        MountCalls.Mount(
            "overlay",
            "overlay",
            Applied,
            [$"lowerdir={Lower}:{Base}", $"upperdir={_temp["applied-upper"]}", $"workdir={_temp["work2"]}"]);
        try
        {
            return LinkTree.Describe(Applied);
        }
        finally
        {
            MountCalls.UnmountAll(Applied, UnmountFlags.MNT_DETACH);
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            MountCalls.UnmountAll(Merged, UnmountFlags.MNT_DETACH);
        }

        MountCalls.UnmountAll(Before, UnmountFlags.MNT_DETACH);
        DirectoryTree.Remove(_temp.Path);
        _temp.Dispose();
    }

    private static Task<ApplyResult> ApplyAsync(byte[] tar, string root, ApplyOptions options) => LayerApplier.ApplyAsync(
        new MemoryStream(tar), LayerMediaTypes.Tar, root, options, TestContext.Current.CancellationToken);
}
