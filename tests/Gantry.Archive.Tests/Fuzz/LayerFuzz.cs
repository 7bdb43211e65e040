using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Fuzz;

/// <summary>
/// What must hold for applying a layer, whatever it is: it ends, with InvalidArgument if in any error, or
/// NotImplemented for a kind of sparse file that nobody knows; nothing beside the directory changes.
/// </summary>
internal sealed class LayerFuzz : IDisposable
{
    private static readonly TarLimits Limits = new()
    {
        MaxHeaders = 1000,
        MaxExtendedHeaderSize = 16 * 1024,
        MaxSparseExtents = 1000,
        MaxPathDepth = 64,
    };

    private readonly TempDirectory _temp = new();
    private readonly IReadOnlyList<string> _outside;

    public LayerFuzz()
    {
        Needs.Root();
        Directory.CreateDirectory(_temp["outside/d"]);
        File.WriteAllText(_temp["outside/d/victim"], "untouched");
        Directory.CreateDirectory(_temp["lower/d/sub"]);
        File.WriteAllText(_temp["lower/d/file"], "below");
        _outside = Describe();
    }

    public void Dispose()
    {
        DirectoryTree.Remove(_temp["root"]);
        _temp.Dispose();
    }

    /// <summary>Applies bytes, as a plain layer and as one of an overlay.</summary>
    public async Task RunAsync(byte[] data, CancellationToken cancellationToken)
    {
        await ApplyAsync(data, new ApplyOptions { Limits = Limits, MaxUncompressedSize = 1 << 22 }, cancellationToken);
        await ApplyAsync(
            data,
            new ApplyOptions
            {
                Limits = Limits,
                MaxUncompressedSize = 1 << 22,
                OverlayMode = true,
                LowerDirectories = [_temp["lower"]],
            },
            cancellationToken);
        Assert.Equal(_outside, Describe());
    }

    private async Task ApplyAsync(byte[] data, ApplyOptions options, CancellationToken cancellationToken)
    {
        DirectoryTree.Remove(_temp["root"]);
        Directory.CreateDirectory(_temp["root/d"]);
        File.WriteAllText(_temp["root/d/foreign"], "there before");
        File.CreateSymbolicLink(_temp["root/link"], "../outside");
        try
        {
            await LayerApplier.ApplyAsync(
                new MemoryStream(data), LayerMediaTypes.Tar, _temp["root"], options, cancellationToken);
        }
        catch (GantryException exception) when (exception.Kind is ErrorKind.InvalidArgument or ErrorKind.NotImplemented)
        {
            Assert.NotEmpty(exception.Message);
        }
    }

    private IReadOnlyList<string> Describe() =>
        [.. Tree.Describe(_temp["outside"]), .. Tree.Describe(_temp["lower"]),
            .. Directory.GetFileSystemEntries(_temp.Path).Order(StringComparer.Ordinal).Where(path => path != _temp["root"])];
}
