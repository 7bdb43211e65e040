using System.Text;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Export;
using Gantry.Transfer.Images;
using Gantry.Transfer.Import;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Tests.Push;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Archives;

/// <summary>Archives of images, written and read by us and by others.</summary>
public sealed class ImageArchiveTests
{
    private static readonly Platform Here = new("linux", Platform.Current.Architecture, "");
    private static readonly ImportRequest Unpacked = new() { Unpacks = [new UnpackTarget("overlayfs")], BaseName = "local/base" };

    [Theory]
    [InlineData("oci-archive", "v1", "local/base:v1")]
    [InlineData("docker-archive", "team/app:v1", "docker.io/team/app:v1")]
    public async Task An_archive_of_skopeo_is_imported(string kind, string name, string expected)
    {
        await using PullFixture fixture = await CreateAsync();
        ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        string file = Path.Combine(fixture.Directory, "a.tar");
        await Shell.RunAsync(
            "skopeo", "copy", "--quiet", "--insecure-policy", fixture.Layout.Source("v1"), $"{kind}:{file}:{name}");

        ImportResult result = Assert.Single(await ImportAsync(fixture, file, Unpacked));
        await fixture.CollectAsync();

        Assert.Equal(expected, result.Image.Name);
        Assert.Null(result.NotUnpacked);
        ResolvedImage image = await new ImageReader(fixture.Scope).ReadAsync(expected, PlatformMatcher.Default, Cancel);
        SortedDictionary<string, string> files = await fixture.ReadSnapshotAsync("overlayfs", image.ChainId);
        Assert.EndsWith("one", files["dir/file"], StringComparison.Ordinal);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task What_podman_and_buildah_save_is_imported_packed_or_not()
    {
        await using PullFixture fixture = await CreateAsync();
        ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        ImagePusherTests.AddImage(fixture.Layout, "v2", Here, "two");
        string Path(string name) => System.IO.Path.Combine(fixture.Directory, name);
        await PodmanLoadAsync("v1");
        await PodmanLoadAsync("v2");
        await Shell.PodmanAsync(
            fixture.Directory, "save", "--quiet", "--multi-image-archive", "-o", Path("both.tar"),
            "localhost/app:v1", "localhost/app:v2");
        await Shell.PodmanAsync(
            fixture.Directory, "save", "--quiet", "--format", "oci-archive", "-o", Path("oci.tar"), "localhost/app:v2");
        await Shell.RunAsync(
            "buildah", "--root", Path("podman"), "--runroot", Path("podman-run"), "--storage-driver", "vfs",
            "push", "--quiet", "localhost/app:v1", $"docker-archive:{Path("buildah.tar")}:localhost/built:v1");
        await Shell.RunAsync("gzip", "-k", Path("both.tar"));

        IReadOnlyList<ImportResult> both = await ImportAsync(fixture, Path("both.tar.gz"), Unpacked);
        ImportResult oci = Assert.Single(await ImportAsync(fixture, Path("oci.tar"), Unpacked));
        IReadOnlyList<ImportResult> built = await ImportAsync(fixture, Path("buildah.tar"), Unpacked);

        Assert.Equal(["localhost/app:v1", "localhost/app:v2"], both.Select(r => r.Image.Name).Order(StringComparer.Ordinal));
        Assert.Equal("localhost/app:v2", oci.Image.Name);
        Assert.Contains(built, result => result.Image.Name == "localhost/built:v1");
        await fixture.AssertNothingHalfMadeAsync();

        async Task PodmanLoadAsync(string tag)
        {
            string file = Path($"in-{tag}.tar");
            await Shell.RunAsync(
                "skopeo", "copy", "--quiet", "--insecure-policy", fixture.Layout.Source(tag),
                $"docker-archive:{file}:localhost/app:{tag}");
            await Shell.PodmanAsync(fixture.Directory, "load", "--quiet", "-i", file);
        }
    }

    [Fact]
    public async Task An_exported_image_is_read_by_skopeo_and_podman_and_by_ourselves()
    {
        await using PullFixture fixture = await CreateAsync();
        ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        PullResult pulled = await fixture.Puller.PullAsync(await fixture.PushAsync("v1", null), null, Cancel);
        string file = Path.Combine(fixture.Directory, "out.tar");

        await ExportAsync(fixture, file, new ExportRequest([pulled.Image.Name]));

        string raw = await Shell.RunAsync("skopeo", "inspect", "--raw", $"oci-archive:{file}");
        Assert.Equal(pulled.Image.Target.Digest, Digest.OfBytes(Encoding.UTF8.GetBytes(raw)));
        await Shell.RunAsync("skopeo", "inspect", $"docker-archive:{file}");
        string loaded = await Shell.PodmanAsync(fixture.Directory, "load", "--quiet", "-i", file);
        Assert.Contains(pulled.Image.Name, loaded, StringComparison.Ordinal);
        await fixture.Scope.Images.DeleteAsync(pulled.Image.Name, true, null, Cancel);
        ImportResult back = Assert.Single(await ImportAsync(fixture, file, Unpacked));
        Assert.Equal(pulled.Image.Name, back.Image.Name);
        Assert.Equal(pulled.Image.Target.Digest, back.Image.Target.Digest);
    }

    [Fact]
    public async Task The_same_images_give_the_same_archive()
    {
        await using PullFixture fixture = await CreateAsync();
        ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        PullResult pulled = await fixture.Puller.PullAsync(await fixture.PushAsync("v1", null), null, Cancel);
        using MemoryStream first = new();
        using MemoryStream second = new();

        await new ImageExporter(fixture.Scope).ExportAsync(new ExportRequest([pulled.Image.Name]), first, Cancel);
        await new ImageExporter(fixture.Scope).ExportAsync(new ExportRequest([pulled.Image.Name]), second, Cancel);

        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public async Task Platforms_that_are_missing_are_said_on_both_ways()
    {
        await using PullFixture fixture = await CreateAsync();
        Platform foreign = new("linux", "s390x", "");
        Descriptor here = ImagePusherTests.AddImage(fixture.Layout, null, Here, "here");
        fixture.Layout.AddIndex("all", here, ImagePusherTests.AddImage(fixture.Layout, null, foreign, "foreign"));
        PullRequest pull = await fixture.PushAsync("all", null);
        PullResult half = await fixture.Puller.PullAsync(pull, null, Cancel);
        string file = Path.Combine(fixture.Directory, "out.tar");
        ExportRequest whole = new([half.Image.Name]) { AllPlatforms = true };

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ExportAsync(fixture, file, whole));
        await fixture.Puller.PullAsync(pull with { Platform = PlatformMatcher.All, AllPlatforms = true }, null, Cancel);
        await ExportAsync(fixture, file, whole);
        await RemoveAllAsync(fixture);
        ImportResult back = Assert.Single(await ImportAsync(fixture, file, Unpacked));
        await RemoveAllAsync(fixture);
        await RemoveBlobsAsync(file, await ManifestAsync(foreign));
        ImportResult partial = Assert.Single(await ImportAsync(fixture, file, Unpacked));

        Assert.Contains("linux/s390x", error.Message, StringComparison.Ordinal);
        Assert.Empty(back.Missing);
        Assert.Equal(half.Image.Target.Digest, back.Image.Target.Digest);
        Assert.Equal("linux/s390x", MissingPart.Describe(partial.Missing));

        async Task<Digest> ManifestAsync(Platform platform)
        {
            await Task.CompletedTask;
            return ImagePusherTests.AddImage(fixture.Layout, null, platform, "foreign").Digest;
        }
    }

    [Theory]
    [InlineData("", "no images in it|no archive of images|unexpected EOF")]
    [InlineData("index.json", "invalid JSON|oci-layout|no archive")]
    public async Task What_is_no_archive_of_images_is_refused(string name, string reasons)
    {
        await using PullFixture fixture = await CreateAsync();
        using MemoryStream archive = new(name.Length == 0
            ? []
            : ImageFactory.MakeTar(("oci-layout", "{}"u8.ToArray()), (name, "<html>"u8.ToArray())));

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Importer.ImportAsync(Unpacked, archive, Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(reasons.Split('|'), reason => error.Message.Contains(reason, StringComparison.Ordinal));
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_blob_that_is_not_what_its_name_says_is_refused_and_nothing_is_left()
    {
        await using PullFixture fixture = await CreateAsync();
        Digest lie = Digest.OfBytes("one"u8);
        using MemoryStream archive = new(ImageFactory.MakeTar(($"blobs/sha256/{lie.Hex}", "two"u8.ToArray())));

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Importer.ImportAsync(Unpacked, archive, Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
        Assert.Empty(await fixture.ListContentAsync());
    }

    [Fact]
    public async Task Names_that_point_out_of_the_archive_lead_nowhere()
    {
        await using PullFixture fixture = await CreateAsync();
        string secret = Path.Combine(fixture.Directory, "secret.tar");
        await File.WriteAllTextAsync(secret, "not yours", Cancel);
        byte[] manifest = Encoding.UTF8.GetBytes(
            $$"""[{"Config":"../../../../../..{{secret}}","RepoTags":["x:1"],"Layers":["{{secret}}"]}]""");
        using MemoryStream archive = new(ImageFactory.MakeTar(("manifest.json", manifest), ("../../x.tar", "y"u8.ToArray())));

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Importer.ImportAsync(Unpacked, archive, Cancel));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1500)]
    [InlineData(4000)]
    public async Task An_archive_that_ends_too_early_is_refused(int length)
    {
        await using PullFixture fixture = await CreateAsync();
        ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        PullResult pulled = await fixture.Puller.PullAsync(await fixture.PushAsync("v1", null), null, Cancel);
        using MemoryStream whole = new();
        await new ImageExporter(fixture.Scope).ExportAsync(new ExportRequest([pulled.Image.Name]), whole, Cancel);
        using MemoryStream archive = new(whole.ToArray()[..length]);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Importer.ImportAsync(Unpacked, archive, Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
    }

    private static async Task<IReadOnlyList<ImportResult>> ImportAsync(
        PullFixture fixture,
        string file,
        ImportRequest request)
    {
        await using FileStream stream = File.OpenRead(file);
        return await fixture.Importer.ImportAsync(request, stream, Cancel);
    }

    private static async Task ExportAsync(PullFixture fixture, string file, ExportRequest request)
    {
        await using FileStream stream = File.Create(file);
        await new ImageExporter(fixture.Scope).ExportAsync(request, stream, Cancel);
    }

    private static async Task RemoveAllAsync(PullFixture fixture)
    {
        foreach (ImageRecord image in await fixture.Scope.Images.ListAsync([], Cancel))
        {
            await fixture.Scope.Images.DeleteAsync(image.Name, true, null, Cancel);
        }
    }

    private static async Task RemoveBlobsAsync(string file, Digest digest) =>
        await Shell.RunAsync("tar", "--delete", "-f", file, $"blobs/sha256/{digest.Hex}");
}
