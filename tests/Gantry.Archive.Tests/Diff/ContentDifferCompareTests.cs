using Gantry.Archive.Compression;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Linux.Mounts;
using Gantry.Oci.Image;
using Xunit;
using Mount = Gantry.Core.Mounts.Mount;

namespace Gantry.Archive.Tests.Diff;

public sealed class ContentDifferCompareTests : IDisposable
{
    private readonly OverlayFixture _fixture = new();
    private readonly BlobStore _content = new();
    private readonly List<IReadOnlyList<Mount>> _mounted = [];
    private readonly ContentDiffer _differ;

    public ContentDifferCompareTests()
    {
        _differ = new ContentDiffer(_content, MountAsync);
        File.WriteAllText(Path.Combine(_fixture.Lower, "gone"), "1");
        File.WriteAllText(Path.Combine(_fixture.Lower, "kept"), "1");
        _fixture.MountBefore();
        _fixture.Mount();
        File.Delete(Path.Combine(_fixture.Merged, "gone"));
        File.WriteAllText(Path.Combine(_fixture.Merged, "new"), "content");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IReadOnlyList<Mount> Lower =>
        [new Mount("overlay", "overlay", ["index=off", $"lowerdir={_fixture.Lower}:{_fixture.Base}"])];

    private IReadOnlyList<Mount> Upper =>
    [
        new Mount(
            "overlay",
            "overlay",
            [
                "index=off", $"workdir={_fixture.Path}/work", $"upperdir={_fixture.Upper.UpperDirectory}",
                $"lowerdir={_fixture.Lower}:{_fixture.Base}",
            ]),
    ];

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_layer_of_an_overlay_is_made_without_a_mount()
    {
        DiffOptions options = new() { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" } };

        Descriptor layer = await _differ.CompareAsync(Lower, Upper, options, Token);

        Assert.Empty(_mounted);
        Assert.Equal(LayerMediaTypes.TarGzip, layer.MediaType);
        Assert.Equal(_content[layer.Digest].Length, layer.Size);
        Assert.Equal([".wh.gone", "new"], await NamesAsync(layer));
        Assert.Equal("v", _content.Labels[layer.Digest]["k"]);
        Assert.Equal(await DiffIdAsync(layer), _content.Labels[layer.Digest][WellKnownLabels.Uncompressed]);
        Assert.Empty(_content.Ingests);
    }

    [Fact]
    public async Task Mounts_of_another_kind_are_made_read_only_and_give_the_same_layer()
    {
        Descriptor direct = await _differ.CompareAsync(Lower, Upper, new DiffOptions(), Token);
        IReadOnlyList<Mount> bound = [new Mount("bind", _fixture.Before, ["rbind", "ro"])];

        Descriptor mounted = await _differ.CompareAsync(bound, Upper, new DiffOptions(), Token);

        Assert.Equal(direct.Digest, mounted.Digest);
        Assert.Equal(2, _mounted.Count);
        Assert.DoesNotContain(_mounted[1][0].Options, option => option.StartsWith("upperdir=", StringComparison.Ordinal));
        Assert.Contains("ro", _mounted[1][0].Options);
    }

    [Theory]
    [InlineData("application/vnd.oci.image.layer.v1.tar")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+zstd")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar.gzip")]
    public async Task Each_media_type_is_packed_as_it_says(string mediaType)
    {
        Descriptor layer = await _differ.CompareAsync(Lower, Upper, new DiffOptions { MediaType = mediaType }, Token);

        Assert.Equal(mediaType, layer.MediaType);
        Assert.Equal(LayerMediaTypes.Kind(mediaType), Decompressor.Detect(_content[layer.Digest]));
        Assert.Equal(await DiffIdAsync(layer), _content.Labels[layer.Digest][WellKnownLabels.Uncompressed]);
    }

    [Fact]
    public async Task Another_media_type_is_refused_in_containerds_words()
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _differ.CompareAsync(Lower, Upper, new DiffOptions { MediaType = "x/y" }, Token));

        Assert.Equal(ErrorKind.NotImplemented, error.Kind);
        Assert.StartsWith("unsupported diff media type: x/y", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_difference_again_is_the_blob_that_is_there_with_the_new_labels()
    {
        Descriptor first = await _differ.CompareAsync(Lower, Upper, new DiffOptions { Reference = "r" }, Token);
        _content.Labels.Clear();

        DiffOptions options = new() { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" } };
        Descriptor second = await _differ.CompareAsync(Lower, Upper, options, Token);

        Assert.Equal(first.Digest, second.Digest);
        (Digest digest, IReadOnlyDictionary<string, string> labels, IReadOnlyList<string> mask) =
            Assert.Single(_content.Updates);
        Assert.Equal(first.Digest, digest);
        Assert.Contains(WellKnownLabels.Uncompressed, labels.Keys);
        Assert.Equal(["labels.k", "labels." + WellKnownLabels.Uncompressed], mask);
    }

    [Fact]
    public async Task What_an_ingest_of_that_ref_held_before_is_thrown_away()
    {
        _content.Ingests.Add("r", new MemoryStream());
        _content.Ingests["r"].Write("left over"u8);

        Descriptor layer = await _differ.CompareAsync(Lower, Upper, new DiffOptions { Reference = "r" }, Token);

        Assert.Equal([".wh.gone", "new"], await NamesAsync(layer));
    }

    [Fact]
    public async Task A_difference_that_fails_leaves_no_ingest()
    {
        File.WriteAllText(Path.Combine(_fixture.Merged, ".wh.evil"), "");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => _differ.CompareAsync(Lower, Upper, new DiffOptions(), Token));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("/.wh.evil", error.Message, StringComparison.Ordinal);
        Assert.Empty(_content.Ingests);
    }

    private async Task<string[]> NamesAsync(Descriptor layer)
    {
        await File.WriteAllBytesAsync(Path.Combine(_fixture.Path, "layer"), _content[layer.Digest], Token);
        string list = await Shell.RunAsync(_fixture.Path, "tar -tf layer");
        return list.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<string> DiffIdAsync(Descriptor layer)
    {
        await using Stream tar = await Decompressor.OpenAsync(new MemoryStream(_content[layer.Digest]), Token);
        using MemoryStream bytes = new();
        await tar.CopyToAsync(bytes, Token);
        return Digest.OfBytes(bytes.ToArray()).ToString();
    }

    private async Task MountAsync(
        IReadOnlyList<Mount> mounts,
        Func<string, CancellationToken, Task> action,
        CancellationToken cancellationToken)
    {
        _mounted.Add(mounts);
        string root = Directory.CreateDirectory(Path.Combine(_fixture.Path, $"mount{_mounted.Count}")).FullName;
        MountCalls.Mount(mounts[0].Type, mounts[0].Source, root, mounts[0].Options);
        try
        {
            await action(root, cancellationToken);
        }
        finally
        {
            MountCalls.UnmountAll(root, UnmountFlags.MNT_DETACH);
        }
    }
}
