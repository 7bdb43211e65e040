using System.IO.Compression;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Testing;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Tests.Push;
using Gantry.Transfer.Unpack;
using Xunit;
using static Gantry.Transfer.Tests.PullFixture;

namespace Gantry.Transfer.Tests.Pull;

/// <summary>
/// Pulls from a registry that misbehaves: each ends in the image or in a clear error that leaves nothing half made, and the
/// next pull, from a registry that has come to its senses, fetches only what is not here yet.
/// </summary>
public sealed class FaultyRegistryTests
{
    private const string Repository = "app";

    private static readonly RegistryOptions Quick = new()
    {
        MaxAttempts = 3,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        IdleTimeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>Faults that pass when they are met once or twice: the pull succeeds.</summary>
    private static readonly Dictionary<string, Func<ScriptedAnswer, ScriptedAnswer>> Passing = new(StringComparer.Ordinal)
    {
        ["the end in the headers"] = answer => answer with { BreakAfter = -1 },
        ["a reset in the headers"] = answer => answer with { BreakAfter = -1, Reset = true },
        ["the end before the first byte"] = answer => answer with { BreakAfter = 0 },
        ["a reset before the first byte"] = answer => answer with { BreakAfter = 0, Reset = true },
        ["the end in the middle"] = answer => answer with { BreakAfter = answer.Body.Length / 2 },
        ["a reset in the middle"] = answer => answer with { BreakAfter = answer.Body.Length / 2, Reset = true },
        ["the end before the last byte"] = answer => answer with { BreakAfter = answer.Body.Length - 1 },
        ["a reset before the last byte"] = answer => answer with { BreakAfter = answer.Body.Length - 1, Reset = true },
        ["500"] = _ => new ScriptedAnswer(500),
        ["503"] = _ => new ScriptedAnswer(503),
        ["429"] = _ => new ScriptedAnswer(429) { Headers = [("Retry-After", "0")] },
        ["a slow drip"] = answer =>
            answer with { DripBytes = Math.Max(1, answer.Body.Length / 20), DripDelay = TimeSpan.FromMilliseconds(5) },
    };

    /// <summary>Lies: the pull fails.</summary>
    private static readonly Dictionary<string, (ErrorKind Kind, Func<ScriptedAnswer, ScriptedAnswer> Spoil)> Lies =
        new(StringComparer.Ordinal)
        {
            ["other bytes"] = (ErrorKind.FailedPrecondition, answer => answer with { Body = Flipped(answer.Body) }),
            ["fewer bytes"] = (ErrorKind.Unavailable, answer => answer with { Body = answer.Body[..^1] }),
            ["more bytes"] = (ErrorKind.FailedPrecondition, answer => answer with { Body = [.. answer.Body, 1] }),
            ["a length too great"] =
                (ErrorKind.FailedPrecondition, answer => answer with { SaidLength = answer.Body.Length + 1000 }),
            ["404"] = (ErrorKind.NotFound, _ => new ScriptedAnswer(404)),
            ["403"] = (ErrorKind.PermissionDenied, _ => new ScriptedAnswer(403)),
            ["500 for ever"] = (ErrorKind.Unavailable, _ => new ScriptedAnswer(500)),
        };

    public static TheoryData<string> PassingNames => [.. Passing.Keys];

    public static TheoryData<string> LieNames => [.. Lies.Keys];

    [Theory]
    [MemberData(nameof(PassingNames))]
    public async Task A_fault_that_passes_is_outlasted(string fault)
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (Reference reference, Descriptor layer) = Fill(fixture, registry);
        int met = 0;
        registry.Spoil = (request, answer) =>
            IsOf(request, layer) && Interlocked.Increment(ref met) <= 1 ? Passing[fault](answer) : answer;

        PullResult result = await PullAsync(fixture, reference);

        SortedDictionary<string, string> files = await fixture.ReadSnapshotAsync("overlayfs", result.ChainId);
        Assert.EndsWith("one", files["dir/file"], StringComparison.Ordinal);
        Assert.True(met > 0);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Theory]
    [MemberData(nameof(LieNames))]
    public async Task A_lie_is_an_error_and_the_next_pull_fetches_only_what_is_missing(string lie)
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (Reference reference, Descriptor layer) = Fill(fixture, registry);
        Descriptor config = OciJson.ParseManifest(registry.Find(Repository, "v1")).Config;
        registry.Spoil = (request, answer) => IsOf(request, layer) ? Lies[lie].Spoil(answer) : answer;

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PullAsync(fixture, reference));
        bool configHere = (await fixture.ListContentAsync()).Any(info => info.Digest == config.Digest);
        int before = registry.Fetches(config.Digest);
        registry.Spoil = (_, answer) => answer;
        await fixture.AssertNothingHalfMadeAsync(ingestsToo: false);
        await PullAsync(fixture, reference);

        Assert.Equal(Lies[lie].Kind, error.Kind);
        Assert.Equal(configHere ? before : before + 1, registry.Fetches(config.Digest));
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_range_that_was_not_asked_for_is_refused()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (Reference reference, Descriptor layer) = Fill(fixture, registry);
        registry.Spoil = (request, answer) => !IsOf(request, layer) ? answer
            : answer.Status == 206
                ? answer with { Headers = [("Content-Range", $"bytes 0-9/{layer.Size}")] }
                : answer with { BreakAfter = answer.Body.Length / 2 };

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PullAsync(fixture, reference));
        registry.Spoil = (_, answer) => answer;
        await PullAsync(fixture, reference);

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_connection_that_stalls_is_left_and_taken_up_elsewhere()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (Reference reference, Descriptor layer) = Fill(fixture, registry);
        int met = 0;
        registry.Spoil = (request, answer) => IsOf(request, layer) && Interlocked.Increment(ref met) == 1
            ? answer with { BreakAfter = answer.Body.Length / 2, Stall = true }
            : answer;

        await PullAsync(fixture, reference, Quick with { IdleTimeout = TimeSpan.FromSeconds(2) });

        Assert.True(met > 1);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Theory]
    [InlineData("<html>please sign in</html>", "text/html")]
    [InlineData("{}", "application/json")]
    [InlineData("", "application/json")]
    public async Task What_is_no_manifest_is_refused(string body, string mediaType)
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        registry.Add(Repository, mediaType, Encoding.UTF8.GetBytes(body), "v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1")));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_manifest_of_50_MB_is_refused_before_it_is_read()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        registry.Add(Repository, MediaTypes.OciManifest, new byte[50_000_000], "v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1")));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Indexes_without_end_are_refused()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        Descriptor inner = new(MediaTypes.OciIndex, Digest.OfBytes([0]), 100);
        for (int depth = 0; depth < 8; depth++)
        {
            string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{inner.MediaType}}","digest":"{{inner.Digest}}","size":{{inner.Size}}}]}""";
            inner = registry.Add(Repository, MediaTypes.OciIndex, Encoding.UTF8.GetBytes(json), "v1");
        }

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1")));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("nested", error.Message, StringComparison.Ordinal);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task An_index_that_names_others_a_thousand_times_is_looked_through_once()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        Descriptor inner = new(MediaTypes.OciManifest, Digest.OfBytes([0]), 100);
        string platform = ""","platform":{"os":"plan9","architecture":"z80"}""";
        for (int depth = 0; depth < 4; depth++)
        {
            string entry = $$"""{"mediaType":"{{inner.MediaType}}","digest":"{{inner.Digest}}","size":{{inner.Size}}{{platform}}}""";
            string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', Enumerable.Repeat(entry, 1000))}}]}""";
            inner = registry.Add(Repository, MediaTypes.OciIndex, Encoding.UTF8.GetBytes(json), "v1");
            platform = "";
        }

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1")));

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_manifest_of_too_many_layers_is_refused()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        string layer = $$"""{"mediaType":"{{MediaTypes.OciLayer}}","digest":"{{Digest.OfBytes([1])}}","size":1}""";
        string json = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.OfBytes([2])}}","size":1},"layers":[{{string.Join(',', Enumerable.Repeat(layer, 5000))}}]}""";
        registry.Add(Repository, MediaTypes.OciManifest, Encoding.UTF8.GetBytes(json), "v1");

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1")));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("5000 layers", error.Message, StringComparison.Ordinal);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task A_layer_that_inflates_a_thousandfold_is_unpacked()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        byte[] tar = ImageFactory.MakeTar(("zeros", new byte[60_000_000]));
        Descriptor layer = fixture.Layout.Add(MediaTypes.OciLayerGzip, Packed(tar));
        Descriptor manifest = fixture.Layout.AddImage("v1", Here, [(layer, Digest.OfBytes(tar))]);
        registry.Add(fixture.Layout, Repository, "v1", manifest);

        await PullAsync(fixture, Reference.Parse($"{registry.Host}/{Repository}:v1"));

        Assert.True(layer.Size * 900 < tar.Length);
        await fixture.AssertNothingHalfMadeAsync();
    }

    [Fact]
    public async Task Twenty_clients_of_one_image_fetch_each_blob_once()
    {
        await using PullFixture fixture = await CreateAsync();
        await using FaultyRegistry registry = new();
        (Reference reference, Descriptor layer) = Fill(fixture, registry);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => PullAsync(fixture, reference), Cancel)));

        Descriptor config = OciJson.ParseManifest(registry.Find(Repository, "v1")).Config;
        Assert.Equal(1, registry.Fetches(layer.Digest));
        Assert.Equal(1, registry.Fetches(config.Digest));
        await fixture.AssertNothingHalfMadeAsync();
    }

    private static Platform Here => new("linux", Platform.Current.Architecture, "");

    private static (Reference Reference, Descriptor Layer) Fill(PullFixture fixture, FaultyRegistry registry)
    {
        Descriptor manifest = ImagePusherTests.AddImage(fixture.Layout, "v1", Here, "one");
        registry.Add(fixture.Layout, Repository, "v1", manifest);
        return (
            Reference.Parse($"{registry.Host}/{Repository}:v1"),
            OciJson.ParseManifest(registry.Find(Repository, "v1")).Layers[0]);
    }

    private static bool IsOf(ScriptedRequest request, Descriptor blob) =>
        request.Path.EndsWith($"/blobs/{blob.Digest}", StringComparison.Ordinal);

    private static byte[] Packed(byte[] data)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.SmallestSize))
        {
            gzip.Write(data);
        }

        return stream.ToArray();
    }

    private static byte[] Flipped(byte[] data)
    {
        byte[] other = [.. data];
        other[^1] ^= 1;
        return other;
    }

    private static async Task<PullResult> PullAsync(
        PullFixture fixture,
        Reference reference,
        RegistryOptions? options = null)
    {
        using RegistryClient client = new(options ?? Quick);
        return await fixture.PullerOf(client).PullAsync(
            new PullRequest(reference) { Unpacks = [new UnpackTarget("overlayfs")] }, null, Cancel);
    }
}
