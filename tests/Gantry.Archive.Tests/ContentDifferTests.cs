using Gantry.Archive.Compression;
using Gantry.Archive.Tests.Apply;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Archive.Tests;

public sealed class ContentDifferTests : IDisposable
{
    private static readonly byte[] Layer = new TarBuilder().File("d/f", "data").File("d/.wh.gone").Build();

    private readonly ApplyFixture _fixture = new();
    private readonly BlobStore _content = new();
    private readonly List<IReadOnlyList<Mount>> _mounted = [];
    private readonly ContentDiffer _differ;

    public ContentDifferTests()
    {
        _differ = new ContentDiffer(_content, (mounts, action, cancellationToken) =>
        {
            _mounted.Add(mounts);
            return action(_fixture.Root, cancellationToken);
        });
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_writable_bind_mount_is_written_to_without_a_mount()
    {
        Descriptor blob = _content.Add(Layer, LayerMediaTypes.Tar);

        Descriptor applied = await ApplyAsync(blob, [new Mount("bind", _fixture.Root, ["rw", "rbind"])]);

        Assert.Equal(new Descriptor(LayerMediaTypes.Tar, Digest.OfBytes(Layer), Layer.Length), applied);
        Assert.Equal("data", File.ReadAllText(_fixture["d/f"]));
        Assert.False(File.Exists(_fixture["d/gone"]));
        Assert.Empty(_mounted);
    }

    [Fact]
    public async Task An_overlay_is_written_to_in_its_upper_directory()
    {
        Descriptor blob = _content.Add(Layer, "application/vnd.docker.image.rootfs.diff.tar.gzip");
        string lower = _fixture.MakeDirectory("lower:1");
        Directory.CreateDirectory(Path.Combine(lower, "d"), (UnixFileMode)0x1C0);

        await ApplyAsync(
            blob,
            [
                new Mount("overlay", "overlay",
                    ["index=off", "workdir=/none", "upperdir=" + _fixture.Root, "lowerdir=" + lower.Replace(":", "\\:", StringComparison.Ordinal)]),
            ]);

        Assert.True(_fixture.Status("d/gone").IsWhiteout);
        Assert.Equal(0x1C0u, _fixture.Status("d").Mode & 0xFFF);
        Assert.Empty(_mounted);
    }

    [Fact]
    public async Task An_overlay_that_has_no_lower_directory_yet_still_gets_whiteouts()
    {
        Descriptor blob = _content.Add(Layer, LayerMediaTypes.Tar);

        await ApplyAsync(blob, [new Mount("overlay", "overlay", ["rw", "upperdir=" + _fixture.Root])], sync: true);

        Assert.True(_fixture.Status("d/gone").IsWhiteout);
    }

    [Theory]
    [InlineData("bind", "/nowhere", "ro")]
    [InlineData("overlay", "overlay", "lowerdir=/a:/b")]
    [InlineData("ext4", "/dev/none", "rw")]
    public async Task Anything_else_is_mounted_at_a_temporary_place(string type, string source, string option)
    {
        Descriptor blob = _content.Add(Layer, LayerMediaTypes.Tar);
        Mount mount = new(type, source, [option]);

        await ApplyAsync(blob, [mount], sync: true);

        Assert.Equal([mount], Assert.Single(_mounted));
        Assert.Equal("data", File.ReadAllText(_fixture["d/f"]));
    }

    [Fact]
    public async Task The_blob_learns_the_digest_of_what_it_holds()
    {
        Descriptor blob = _content.Add(Layer, LayerMediaTypes.Tar);

        await ApplyAsync(blob, [new Mount("bind", _fixture.Root, [])]);

        (Digest digest, IReadOnlyDictionary<string, string> labels, IReadOnlyList<string> mask) =
            Assert.Single(_content.Updates);
        Assert.Equal(blob.Digest, digest);
        Assert.Equal(Digest.OfBytes(Layer).ToString(), labels[WellKnownLabels.Uncompressed]);
        Assert.Equal(["labels.containerd.io/uncompressed"], mask);
    }

    [Fact]
    public async Task A_blob_that_is_not_what_its_digest_says_fails_and_gets_no_label()
    {
        byte[] damaged = (byte[])Layer.Clone();
        damaged[0] ^= 1;
        byte[] silently = (byte[])Layer.Clone();
        silently[1536 - 1] ^= 1;

        foreach (byte[] stored in new[] { damaged, silently, Layer[..^1], [.. Layer, 0], Layer[..700] })
        {
            Descriptor blob = _content.Add(Layer, LayerMediaTypes.Tar, stored);
            GantryException error = await Assert.ThrowsAsync<GantryException>(
                () => ApplyAsync(blob, [new Mount("bind", _fixture.Root, [])]));
            Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        }

        Assert.Empty(_content.Updates);
    }

    [Fact]
    public async Task A_malformed_layer_a_missing_blob_and_an_unknown_type_have_errors_of_their_own()
    {
        Mount[] mounts = [new Mount("bind", _fixture.Root, [])];

        await FailsAsync(ErrorKind.InvalidArgument, _content.Add(new byte[700], LayerMediaTypes.Tar), mounts);
        await FailsAsync(ErrorKind.InvalidArgument, _content.Add(Layer, LayerMediaTypes.Tar), []);
        await FailsAsync(ErrorKind.NotImplemented, _content.Add(Layer, "application/json"), mounts);
        GantryException missing = await FailsAsync(
            ErrorKind.NotFound, new Descriptor(LayerMediaTypes.Tar, Digest.OfBytes("x"u8), 1), mounts);

        Assert.StartsWith("failed to get reader from content store: content sha256:", missing.Message, StringComparison.Ordinal);
    }

    private async Task<GantryException> FailsAsync(ErrorKind kind, Descriptor blob, IReadOnlyList<Mount> mounts)
    {
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ApplyAsync(blob, mounts));
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private Task<Descriptor> ApplyAsync(Descriptor blob, IReadOnlyList<Mount> mounts, bool sync = false) =>
        _differ.ApplyAsync(
            blob, mounts, new UnpackOptions { SyncFilesystem = sync }, TestContext.Current.CancellationToken);
}
