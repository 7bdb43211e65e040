using System.Formats.Tar;
using System.Text.Json;
using CliWrap.Buffered;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

public abstract partial class CommandLineSuite
{
    [Theory]
    [InlineData("zstd", MediaTypes.OciLayerZstd)]
    [InlineData("none", MediaTypes.OciLayer)]
    public async Task A_converted_image_has_the_same_files_packed_otherwise_and_the_same_bytes_each_time(
        string compression, string mediaType)
    {
        string first = $"example.test/first-{compression}:1";
        string second = $"example.test/second-{compression}:1";
        await ImageAsync("convert", "--compression", compression, fixture.Image, first);
        await ImageAsync("convert", "--compression", compression, fixture.Image, second);

        NamespaceClient scope = fixture.Client.In(Namespace.Default);
        ImageRecord made = await scope.Images.GetAsync(first, Token);
        ImageManifest manifest = OciJson.ParseManifest(await BlobAsync(made.Target.Digest));
        ImageManifest source = OciJson.ParseManifest(
            await BlobAsync((await scope.Images.GetAsync(fixture.Image, Token)).Target.Digest));
        ImageConfig config = OciJson.ParseConfig(await BlobAsync(manifest.Config.Digest));
        ContentInfo kept = await scope.Content.InfoAsync(made.Target.Digest, Token);
        ContentInfo layer = await scope.Content.InfoAsync(manifest.Layers[0].Digest, Token);
        BufferedCommandResult run = await GantryAsync("run", "--rm", first, "echo", "it runs");

        Assert.Equal(mediaType, manifest.Layers[0].MediaType);
        Assert.Equal(source.Config.Digest, manifest.Config.Digest);
        Assert.Equal(made.Target.Digest, (await scope.Images.GetAsync(second, Token)).Target.Digest);
        Assert.Equal(manifest.Layers[0].Digest.ToString(), kept.Labels["containerd.io/gc.ref.content.l.0"]);
        Assert.Equal(manifest.Config.Digest.ToString(), kept.Labels["containerd.io/gc.ref.content.config"]);
        Assert.Equal(config.DiffIds[0].ToString(), layer.Labels["containerd.io/uncompressed"]);
        Assert.Equal(manifest.Layers[0].Size, layer.Size);
        Assert.Equal("it runs\n", run.StandardOutput);
        await RemoveAsync(first, second);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task What_ctr_converts_is_converted_to_the_same_digest()
    {
        await fixture.Daemon.CtrOkAsync("image", "convert", "--uncompress", fixture.Image, "example.test/ctr:1");
        await ImageAsync("convert", "--compression", "none", fixture.Image, "example.test/gantry:1");

        IImageStore images = fixture.Client.In(Namespace.Default).Images;
        Assert.Equal(
            (await images.GetAsync("example.test/ctr:1", Token)).Target.Digest,
            (await images.GetAsync("example.test/gantry:1", Token)).Target.Digest);
        await RemoveAsync("example.test/ctr:1", "example.test/gantry:1");
    }

    [Fact]
    public async Task An_index_is_converted_whole_or_to_one_of_its_platforms_and_into_dockers_media_types_and_back()
    {
        string index = await ImportIndexAsync("whole");
        await ImageAsync("convert", "--docker", "--compression", "none", "--all-platforms", index, "example.test/docker:1");
        await ImageAsync("convert", "--oci", "--compression", "gzip", "--all-platforms", "example.test/docker:1", "example.test/oci:1");
        await ImageAsync("convert", "--platform", "linux/arm64", index, "example.test/arm:1");
        BufferedCommandResult zstd = await GantryAsync(
            "image", "convert", "--docker", "--compression", "zstd", index, "example.test/never:1");
        BufferedCommandResult absent = await GantryAsync(
            "image", "convert", "--platform", "linux/s390x", index, "example.test/never:1");

        IImageStore images = fixture.Client.In(Namespace.Default).Images;
        ImageRecord docker = await images.GetAsync("example.test/docker:1", Token);
        ImageIndex list = OciJson.ParseIndex(await BlobAsync(docker.Target.Digest));
        ImageIndex before = OciJson.ParseIndex(await BlobAsync((await images.GetAsync(index, Token)).Target.Digest));
        ImageManifest manifest = OciJson.ParseManifest(await BlobAsync(list.Manifests[1].Digest));
        ImageRecord arm = await images.GetAsync("example.test/arm:1", Token);
        ImageRecord oci = await images.GetAsync("example.test/oci:1", Token);
        ImageIndex back = OciJson.ParseIndex(await BlobAsync(oci.Target.Digest));

        Assert.Equal(MediaTypes.DockerManifestList, docker.Target.MediaType);
        Assert.Equal(["linux/amd64", "linux/arm64"], list.Manifests.Select(child => child.Platform!.ToString()));
        Assert.Equal(
            (MediaTypes.DockerManifest, MediaTypes.DockerConfig, MediaTypes.DockerLayer),
            (list.Manifests[1].MediaType, manifest.Config.MediaType, manifest.Layers[0].MediaType));
        Assert.Equal(before.Manifests[1].Digest, arm.Target.Digest);
        Assert.Equal(MediaTypes.OciIndex, oci.Target.MediaType);
        Assert.All(back.Manifests, child => Assert.Equal(MediaTypes.OciManifest, child.MediaType));
        Assert.Contains("no zstd layers", zstd.StandardError, StringComparison.Ordinal);
        Assert.Contains("no match for platform", absent.StandardError, StringComparison.Ordinal);
        Assert.Equal((1, 1), (zstd.ExitCode, absent.ExitCode));
        await RemoveAsync(index, "example.test/docker:1", "example.test/oci:1", "example.test/arm:1");
    }

    [Fact]
    public async Task What_of_an_image_is_here_is_told_for_each_platform_and_layer()
    {
        string index = await ImportIndexAsync("check");
        IContentStore content = fixture.Client.In(Namespace.Default).Content;
        ImageIndex parsed = OciJson.ParseIndex(
            await BlobAsync((await fixture.Client.In(Namespace.Default).Images.GetAsync(index, Token)).Target.Digest));
        ImageManifest arm = OciJson.ParseManifest(await BlobAsync(parsed.Manifests[1].Digest));
        await content.DeleteAsync(arm.Layers[0].Digest, Token);

        string table = (await ImageAsync("check", $"name=={index}")).StandardOutput;
        string ready = (await ImageAsync("check", "-q", $"name=={index}")).StandardOutput;
        using JsonDocument json = JsonDocument.Parse(
            (await ImageAsync("check", "--format", "json", $"name=={index}")).StandardOutput);
        BufferedCommandResult whole = await GantryAsync("image", "convert", "--all-platforms", "--oci", index, "example.test/x:1");

        Assert.Matches($"(?m)^{index} +linux/amd64 +sha256:[0-9a-f]+ +complete \\(3/3\\) +\\S+ \\w+/\\S+ \\w+ +1/1$", table);
        Assert.Matches($"(?m)^{index} +linux/arm64 +sha256:[0-9a-f]+ +incomplete \\(2/3\\) +.* +0/1$", table);
        Assert.Equal(index + "\n", ready);
        JsonElement second = json.RootElement[1];
        Assert.False(second.GetProperty("complete").GetBoolean());
        Assert.Equal(arm.Layers[0].Digest.ToString(), second.GetProperty("missing")[0].GetString());
        Assert.False(second.GetProperty("layers")[0].GetProperty("here").GetBoolean());
        Assert.True(json.RootElement[0].GetProperty("layers")[0].GetProperty("unpacked").GetBoolean());
        Assert.Equal(1, whole.ExitCode);
        Assert.Contains("not all of it is here, missing is linux/arm64", whole.StandardError, StringComparison.Ordinal);
        await RemoveAsync(index);
    }

    [Fact]
    public async Task An_image_is_inspected_with_its_history_and_the_space_that_it_takes()
    {
        using JsonDocument shown = JsonDocument.Parse((await ImageAsync("inspect", fixture.Image)).StandardOutput);
        string history = (await ImageAsync("history", "--no-trunc", fixture.Image)).StandardOutput;
        string usage = (await ImageAsync("usage", "-b", fixture.Image)).StandardOutput;

        JsonElement platform = shown.RootElement.GetProperty("Platforms")[0];
        string layer = shown.RootElement.GetProperty("Layers")[0].GetProperty("digest").GetString()!;
        long size = shown.RootElement.GetProperty("Size").GetInt64();
        long unpacked = long.Parse(
            usage.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[2],
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Platform.Current.ToString(), platform.GetProperty("platform").GetString());
        Assert.True(platform.GetProperty("complete").GetBoolean());
        Assert.StartsWith("LAYER ", history, StringComparison.Ordinal);
        Assert.Single(history.Split('\n'), line => line.StartsWith(layer, StringComparison.Ordinal));
        Assert.Matches($"^IMAGE +PACKED +UNPACKED\n{fixture.Image} +{size} +[0-9]+\n$", usage);
        Assert.True(unpacked > size, usage);
    }

    [Fact]
    public async Task An_image_is_mounted_to_be_read_or_changed_and_what_was_changed_stays_until_it_is_thrown_away()
    {
        Needs.Root();
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["view"]);
        Directory.CreateDirectory(directory["rw"]);

        await ImageAsync("mount", fixture.Image, directory["view"]);
        await ImageAsync("mount", "--rw", fixture.Image, directory["rw"]);
        BufferedCommandResult taken = await GantryAsync("image", "mount", fixture.Image, directory["view"]);
        await CollectAsync();
        string passwd = await File.ReadAllTextAsync(directory["view/etc/passwd"], Token);
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(directory["view/etc/passwd"], "x"));
        await File.WriteAllTextAsync(directory["rw/etc/passwd"], "changed", Token);
        await ImageAsync("unmount", directory["rw"]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["rw"]));
        await ImageAsync("mount", "--rw", fixture.Image, directory["rw"]);
        string again = await File.ReadAllTextAsync(directory["rw/etc/passwd"], Token);
        await ImageAsync("unmount", "--rm", directory["rw"]);
        await ImageAsync("unmount", directory["view"]);
        BufferedCommandResult none = await GantryAsync("image", "unmount", directory["view"]);
        BufferedCommandResult nowhere = await GantryAsync("image", "mount", fixture.Image, directory["absent"]);

        Assert.StartsWith("root:", passwd, StringComparison.Ordinal);
        Assert.Equal("changed", again);
        Assert.Contains("something is mounted at", taken.StandardError, StringComparison.Ordinal);
        Assert.Contains("no image is mounted at", none.StandardError, StringComparison.Ordinal);
        Assert.Equal((1, 1, 1), (taken.ExitCode, none.ExitCode, nowhere.ExitCode));
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Images_that_no_container_uses_are_removed()
    {
        string index = await ImportIndexAsync("prune");
        NamespaceClient scope = fixture.Client.In(Namespace.Default);
        Descriptor target = (await scope.Images.GetAsync(index, Token)).Target;
        string untagged = $"example.test/untagged@{target.Digest}";
        await scope.Images.CreateAsync(new ImageRecord(untagged, target, new Dictionary<string, string>()), Token);
        await GantryAsync("run", "-d", "--name", "uses", fixture.Image, "true");

        string kept = (await ImageAsync("prune", "--dry-run")).StandardOutput;
        await RemoveAsync(index);
        string dry = (await ImageAsync("prune", "--dry-run")).StandardOutput;
        string pruned = (await ImageAsync("prune")).StandardOutput;
        string second = await ImportIndexAsync("prune");
        string all = (await ImageAsync("prune", "--all", "--sync")).StandardOutput;
        IReadOnlyList<ImageRecord> left = await scope.Images.ListAsync([], Token);
        await GantryAsync("rm", "-f", "uses");

        Assert.Equal("", kept);
        Assert.Equal(untagged + "\n", dry);
        Assert.Equal(untagged + "\n", pruned);
        Assert.Contains(second + "\n", all, StringComparison.Ordinal);
        Assert.Equal([fixture.Image], left.Select(image => image.Name));
        await AssertNothingLeftAsync();
    }

    /// <summary>An index of a small image for two platforms, unpacked for this machine if it is one of them.</summary>
    private async Task<string> ImportIndexAsync(string name)
    {
        using TempDirectory directory = new();
        OciLayout layout = new(directory["layout"]);
        layout.AddIndex(
            "v1",
            layout.AddImage(null, new Platform("linux", "amd64", ""), [ImageFactory.AddLayer(layout, ("amd64", "a"u8.ToArray()))]),
            layout.AddImage(null, new Platform("linux", "arm64", ""), [ImageFactory.AddLayer(layout, ("arm64", "b"u8.ToArray()))]));
        await TarFile.CreateFromDirectoryAsync(directory["layout"], directory["tar"], includeBaseDirectory: false, Token);
        BufferedCommandResult result = await GantryAsync(
            "import", "--base-name", $"example.test/{name}", "--platform", "linux/amd64", directory["tar"]);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result.StandardOutput.Trim();
    }

    /// <summary>Has what nothing refers to collected, as removing a lease does with either daemon.</summary>
    private async Task CollectAsync()
    {
        NamespaceClient scope = fixture.Client.In(Namespace.Default);
        await scope.Leases.CreateAsync("collect", new Dictionary<string, string>(), Token);
        await scope.Leases.DeleteAsync("collect", synchronous: true, Token);
    }

    private async Task<byte[]> BlobAsync(Digest digest)
    {
        await using Stream stream = await fixture.Client.In(Namespace.Default).Content.OpenReaderAsync(digest, Token);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }

    private async Task<BufferedCommandResult> ImageAsync(params string[] arguments)
    {
        BufferedCommandResult result = await GantryAsync(["image", .. arguments]);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }

    private async Task RemoveAsync(params string[] images) =>
        Assert.Equal(0, (await GantryAsync(["rmi", "--sync", .. images])).ExitCode);
}
