using System.Text;
using System.Text.Json.Nodes;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Images;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

public sealed class ImagePullerTests
{
    private static readonly byte[] Big = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)((i * 2654435761L) >> 13))];

    [Theory]
    [InlineData("overlayfs", null)]
    [InlineData("native", null)]
    [InlineData("overlayfs", "v2s2")]
    public async Task An_image_of_several_layers_is_pulled_and_unpacked(string snapshotter, string? format)
    {
        await using PullFixture fixture = await CreateAsync();
        AddThreeLayers(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1", snapshotter, format);

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);
        await fixture.CollectAsync();

        SortedDictionary<string, string> files = await fixture.ReadSnapshotAsync(snapshotter, result.ChainId);
        Assert.Equal(["a/kept=1", "a/replaced=new", "top=t"], files.Select(f => $"{f.Key}={f.Value}"));
        ImageRecord record = await fixture.Scope.Images.GetAsync(request.Reference.ToString(), Cancel);
        Assert.Equal(result.Image.Target, record.Target);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Busybox_made_by_umoci_is_pulled()
    {
        await using PullFixture fixture = await CreateAsync();
        string source = await ImageFactory.MakeBusyboxAsync(Path.Combine(fixture.Directory, "made"), "latest", Cancel);
        string name = await fixture.Registry.PushAsync(source, "library/busybox:latest", null, Cancel);

        PullResult result = await fixture.Puller.PullAsync(
            new PullRequest(Reference.Parse(name)) { Unpacks = [new UnpackTarget("overlayfs")] }, null, Cancel);

        SortedDictionary<string, string> files = await fixture.ReadSnapshotAsync("overlayfs", result.ChainId);
        Assert.Equal("busybox", files["bin/sh"]);
        Assert.StartsWith("root:x:0:0", files["etc/passwd"], StringComparison.Ordinal);
        ResolvedImage image = await new ImageReader(fixture.Scope).ReadAsync(name, PlatformMatcher.Default, Cancel);
        Assert.Equal(["/bin/sh"], image.Config.Config.Cmd);
        Assert.Equal(result.ChainId, image.ChainId);
    }

    [Fact]
    public async Task Blobs_are_labelled_as_clients_expect()
    {
        await using PullFixture fixture = await CreateAsync();
        AddThreeLayers(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        ResolvedImage image = await new ImageReader(fixture.Scope)
            .ReadAsync(result.Image, PlatformMatcher.Default, Cancel);
        string source = $"containerd.io/distribution.source.{fixture.Registry.Host}";
        IReadOnlyDictionary<string, string> manifest = await LabelsAsync(image.ManifestDescriptor);
        IReadOnlyDictionary<string, string> config = await LabelsAsync(image.Manifest.Config);
        IReadOnlyDictionary<string, string> layer = await LabelsAsync(image.Manifest.Layers[2]);
        Assert.Equal("team/app", manifest[source]);
        Assert.Equal(image.Manifest.Config.Digest.ToString(), manifest["containerd.io/gc.ref.content.config"]);
        Assert.Equal(image.Manifest.Layers[0].Digest.ToString(), manifest["containerd.io/gc.ref.content.l.0"]);
        Assert.Equal(image.Manifest.Layers[2].Digest.ToString(), manifest["containerd.io/gc.ref.content.l.2"]);
        Assert.Equal(result.ChainId.ToString(), config["containerd.io/gc.ref.snapshot.overlayfs"]);
        Assert.Equal(image.Config.DiffIds[2].ToString(), layer["containerd.io/uncompressed"]);

        async Task<IReadOnlyDictionary<string, string>> LabelsAsync(Descriptor descriptor) =>
            (await fixture.Scope.Content.InfoAsync(descriptor.Digest, Cancel)).Labels;
    }

    [Fact]
    public async Task A_manifest_that_another_client_stores_meanwhile_gets_the_labels_that_keep_its_parts()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor manifest = AddImage(fixture, "v1", Platform.Current, "ours");
        PullRequest request = await fixture.PushAsync("v1");
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(fixture.Layout.Directory, "blobs", "sha256", manifest.Digest.Hex), Cancel);
        IContentWriter theirs = await fixture.Scope.Content.OpenWriterAsync(
            IngestRef.Of(manifest), bytes.Length, manifest.Digest, Cancel);
        TaskCompletionSource waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Recorder waiting = new(p =>
        {
            if (p.State == PullState.Waiting && p.Digest == manifest.Digest)
            {
                waits.TrySetResult();
            }
        });

        Task<PullResult> pulling = fixture.Puller.PullAsync(request, waiting, Cancel);
        await waits.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        await using (theirs)
        {
            await theirs.WriteAsync(bytes, Cancel);
            await theirs.CommitAsync(bytes.Length, manifest.Digest, new Dictionary<string, string>(), Cancel);
        }

        PullResult result = await pulling;
        await fixture.CollectAsync();

        Assert.Equal("ours", (await fixture.ReadSnapshotAsync("overlayfs", result.ChainId))["f"]);
        ImageContents contents = await ImageContents.ReadAsync(fixture.Scope.Content, manifest, Cancel);
        Assert.Empty(contents.Missing);
    }

    [Fact]
    public async Task The_record_has_the_name_that_is_made_of_the_digest()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor manifest = AddImage(fixture, "v1", Platform.Current, "ours");
        PullRequest request = await fixture.PushAsync("v1") with { Name = digest => $"local/app@{digest}" };

        await fixture.Puller.PullAsync(request, null, Cancel);
        await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(
            [$"local/app@{manifest.Digest}"],
            (await fixture.Scope.Images.ListAsync([], Cancel)).Select(image => image.Name));
    }

    [Fact]
    public async Task What_is_here_is_not_fetched_again_and_outlives_a_collection()
    {
        await using PullFixture fixture = await CreateAsync();
        AddThreeLayers(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        PullResult first = await fixture.Puller.PullAsync(request, null, Cancel);
        await fixture.CollectAsync();
        Recorder recorder = new();

        PullResult second = await fixture.Puller.PullAsync(request, recorder, Cancel);

        Assert.Equal(first.ChainId, second.ChainId);
        Assert.DoesNotContain(recorder.Records, r => r.State is PullState.Downloading or PullState.Unpacking);
        Assert.Equal(5, recorder.Records.Count(r => r.State == PullState.Exists));
    }

    [Fact]
    public async Task A_missing_image_is_not_found()
    {
        await using PullFixture fixture = await CreateAsync();
        Reference reference = Reference.Parse($"{fixture.Registry.Host}/team/nothing:v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(new PullRequest(reference), null, Cancel));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Equal($"failed to resolve reference \"{reference}\": {reference}: not found", error.Message);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_layer_with_wrong_bytes_fails_and_leaves_nothing_half_made()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor layer = AddThreeLayers(fixture, "v1")[1];
        PullRequest request = await fixture.PushAsync("v1");
        await OverwriteAsync(fixture.RegistryFile(layer.Digest), layer.Size / 2);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(layer.Digest.ToString(), error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_layer_cut_short_in_the_registry_fails_and_leaves_nothing_half_made()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor layer = AddImageOfBig(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        await using (FileStream file = new(fixture.RegistryFile(layer.Digest), FileMode.Open))
        {
            file.SetLength(layer.Size / 2);
        }

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains($"unexpected EOF after {layer.Size / 2} of {layer.Size} bytes", error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_partial_ingest_is_gone_on_with()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor layer = AddImageOfBig(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        byte[] whole = await File.ReadAllBytesAsync(fixture.RegistryFile(layer.Digest), Cancel);
        int half = whole.Length / 2;
        await using (IContentWriter writer = await fixture.Scope.Content.OpenWriterAsync(
            $"layer-{layer.Digest}", layer.Size, layer.Digest, Cancel))
        {
            await writer.WriteAsync(whole.AsMemory(0, half), Cancel);
        }

        Recorder recorder = new();
        PullResult result = await fixture.Puller.PullAsync(request, recorder, Cancel);

        Assert.Equal(half, recorder.Records.First(r => r.Digest == layer.Digest && r.State == PullState.Downloading).Offset);
        Assert.False(result.ChainId.IsEmpty);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_partial_ingest_with_wrong_bytes_is_begun_again()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor layer = AddImageOfBig(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        await using (IContentWriter writer = await fixture.Scope.Content.OpenWriterAsync(
            $"layer-{layer.Digest}", layer.Size, layer.Digest, Cancel))
        {
            await writer.WriteAsync(new byte[1000], Cancel);
        }

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(layer.Size, (await fixture.Scope.Content.InfoAsync(layer.Digest, Cancel)).Size);
        Assert.False(result.ChainId.IsEmpty);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_layer_that_is_not_what_the_config_says_is_not_committed()
    {
        await using PullFixture fixture = await CreateAsync();
        (Descriptor layer, _) = ImageFactory.AddLayer(fixture.Layout, ("f", "x"u8.ToArray()));
        fixture.Layout.AddImage("v1", Platform.Current, [(layer, Digest.OfBytes(Big))]);
        PullRequest request = await fixture.PushAsync("v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.StartsWith("wrong diff id calculated on extraction", error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_config_with_too_few_diff_ids_is_refused()
    {
        await using PullFixture fixture = await CreateAsync();
        (Descriptor layer, Digest diffId) = ImageFactory.AddLayer(fixture.Layout, ("f", "x"u8.ToArray()));
        Descriptor config = fixture.Layout.Add(
            MediaTypes.OciConfig,
            JsonNode.Parse($$"""{"os":"linux","rootfs":{"diff_ids":["{{diffId}}","{{diffId}}"]} }""")!);
        fixture.Layout.AddManifest("v1", config, [layer]);
        PullRequest request = await fixture.PushAsync("v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("number of layers and diffIDs don't match: 1 != 2", error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_layer_that_stands_in_an_image_twice_is_fetched_once()
    {
        await using PullFixture fixture = await CreateAsync();
        (Descriptor, Digest) layer = ImageFactory.AddLayer(fixture.Layout, ("f", "x"u8.ToArray()));
        fixture.Layout.AddImage("v1", Platform.Current, [layer, layer]);
        PullRequest request = await fixture.PushAsync("v1");

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(["f"], (await fixture.ReadSnapshotAsync("overlayfs", result.ChainId)).Keys);
        Assert.Equal(3, (await fixture.ListContentAsync()).Count);
    }

    [Fact]
    public async Task An_image_without_layers_is_pulled()
    {
        await using PullFixture fixture = await CreateAsync();
        fixture.Layout.AddImage("v1", Platform.Current, []);
        PullRequest request = await fixture.PushAsync("v1");

        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.True(result.ChainId.IsEmpty);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Pulls_of_one_image_at_the_same_time_all_succeed()
    {
        await using PullFixture fixture = await CreateAsync();
        AddImageOfBig(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");

        PullResult[] results = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => fixture.Puller.PullAsync(request, null, Cancel)));

        Assert.Single(results.Select(r => r.ChainId).Distinct());
        await fixture.AssertNothingHalfMadeAsync();
        List<SnapshotInfo> snapshots = [];
        await foreach (SnapshotInfo info in fixture.Scope.Snapshots("overlayfs").ListAsync([], Cancel))
        {
            snapshots.Add(info);
        }

        Assert.Single(snapshots);
    }

    [Fact]
    public async Task A_cancelled_pull_leaves_no_image_and_can_be_gone_on_with()
    {
        await using PullFixture fixture = await CreateAsync();
        Descriptor layer = AddImageOfBig(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Recorder recorder = new(record =>
        {
            if (record.Digest == layer.Digest && record is { State: PullState.Downloading, Offset: > 0 })
            {
                cancel.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => fixture.Puller.PullAsync(request, recorder, cancel.Token));
        await fixture.AssertNothingHalfMadeAsync(ingestsToo: false);
        Assert.Empty(await fixture.Scope.Images.ListAsync([], Cancel));
        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.False(result.ChainId.IsEmpty);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_tag_that_has_moved_moves_the_image()
    {
        await using PullFixture fixture = await CreateAsync();
        AddImage(fixture, "old", Platform.Current, "old");
        AddImage(fixture, "new", Platform.Current, "new");
        string name = await fixture.Registry.PushAsync(fixture.Layout.Source("old"), "app:latest", null, Cancel);
        PullRequest request = new(Reference.Parse(name)) { Unpacks = [new UnpackTarget("overlayfs")], Labels = Label("a", "1") };
        PullResult before = await fixture.Puller.PullAsync(request, null, Cancel);
        await fixture.Registry.PushAsync(fixture.Layout.Source("new"), "app:latest", null, Cancel);

        PullResult after = await fixture.Puller.PullAsync(request with { Labels = Label("b", "2") }, null, Cancel);
        await fixture.CollectAsync();

        ImageRecord record = await fixture.Scope.Images.GetAsync(name, Cancel);
        Assert.NotEqual(before.Image.Target.Digest, record.Target.Digest);
        Assert.Equal(after.Image.Target.Digest, record.Target.Digest);
        Assert.Equal(["a", "b"], record.Labels.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(3, (await fixture.ListContentAsync()).Count);
    }

    [Fact]
    public async Task An_unknown_snapshotter_is_refused()
    {
        await using PullFixture fixture = await CreateAsync();
        AddImage(fixture, "v1", Platform.Current, "x");
        PullRequest request = await fixture.PushAsync("v1", "nonsense");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => fixture.Puller.PullAsync(request, null, Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("snapshotter not loaded: nonsense", error.Message, StringComparison.Ordinal);
        await AssertFailedCleanlyAsync(fixture);
    }

    [Fact]
    public async Task A_blob_that_was_deleted_is_reported_missing_and_pulled_again()
    {
        await using PullFixture fixture = await CreateAsync();
        List<Descriptor> layers = AddThreeLayers(fixture, "v1");
        PullRequest request = await fixture.PushAsync("v1");
        PullResult result = await fixture.Puller.PullAsync(request, null, Cancel);
        ImageReader reader = new(fixture.Scope);
        await fixture.Scope.Content.DeleteAsync(layers[1].Digest, Cancel);

        IReadOnlyList<Descriptor> missing = await reader.MissingAsync(result.Image, PlatformMatcher.Default, Cancel);
        await fixture.Puller.PullAsync(request, null, Cancel);

        Assert.Equal(layers[1].Digest, Assert.Single(missing).Digest);
        Assert.Empty(await reader.MissingAsync(result.Image, PlatformMatcher.Default, Cancel));
    }

    private static Dictionary<string, string> Label(string key, string value) =>
        new(StringComparer.Ordinal) { [key] = value };

    private static List<Descriptor> AddThreeLayers(PullFixture fixture, string tag)
    {
        List<(Descriptor Layer, Digest DiffId)> layers =
        [
            ImageFactory.AddLayer(
                fixture.Layout,
                ("a/", []), ("a/kept", Bytes("1")), ("a/replaced", Bytes("old")), ("a/gone", Bytes("x"))),
            ImageFactory.AddLayer(fixture.Layout, ("a/", []), ("a/replaced", Bytes("new")), ("a/.wh.gone", [])),
            ImageFactory.AddLayer(fixture.Layout, ("top", Bytes("t"))),
        ];
        fixture.Layout.AddImage(tag, Platform.Current, layers);
        return [.. layers.Select(l => l.Layer)];
    }

    private static Descriptor AddImageOfBig(PullFixture fixture, string tag)
    {
        (Descriptor Layer, Digest DiffId) layer = ImageFactory.AddLayer(fixture.Layout, ("big", Big));
        fixture.Layout.AddImage(tag, Platform.Current, [layer]);
        return layer.Layer;
    }

    private static async Task OverwriteAsync(string file, long offset)
    {
        await using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Seek(offset, SeekOrigin.Begin);
        int old = stream.ReadByte();
        stream.Seek(offset, SeekOrigin.Begin);
        stream.WriteByte((byte)(old ^ 0xff));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
