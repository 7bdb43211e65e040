using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution.Push;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>The client's side of pushing (distribution-spec, Push), against a registry that does what it is told.</summary>
public sealed class PushTests
{
    private const string Layer = MediaTypes.OciLayer;
    private static readonly byte[] Blob = [.. Enumerable.Range(0, 700_000).Select(i => (byte)(i * 31))];

    private static readonly RegistryOptions Quick = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(1),
        IdleTimeout = TimeSpan.FromSeconds(20),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Descriptor BlobDescriptor => new(Layer, Digest.OfBytes(Blob), Blob.Length);

    [Fact]
    public async Task A_blob_is_sent_in_one_request()
    {
        await using FaultyRegistry registry = new();
        using RegistryClient client = new(Quick);

        BlobPush outcome = await PushAsync(client, registry);

        Assert.Equal(BlobPush.Uploaded, outcome);
        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
        Assert.Equal(["HEAD", "POST", "PUT"], registry.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task A_blob_that_is_there_is_not_sent()
    {
        await using FaultyRegistry registry = new();
        registry.Add("app", Layer, Blob);
        using RegistryClient client = new(Quick);

        BlobPush outcome = await PushAsync(client, registry);

        Assert.Equal(BlobPush.Existed, outcome);
        Assert.Equal(["HEAD"], registry.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task A_blob_of_another_repository_is_mounted()
    {
        await using FaultyRegistry registry = new();
        registry.Add("other", Layer, Blob);
        using RegistryClient client = new(Quick);

        BlobPush outcome = await PushAsync(client, registry, "other");

        Assert.Equal(BlobPush.Mounted, outcome);
        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
        Assert.DoesNotContain(registry.Requests, request => request.Method == "PUT");
    }

    [Theory]
    [InlineData(202)]
    [InlineData(403)]
    public async Task A_blob_that_cannot_be_mounted_is_sent(int status)
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) =>
            status != 202 && request.Query("mount").Length > 0 ? new ScriptedAnswer(status) : answer;
        using RegistryClient client = new(Quick);

        BlobPush outcome = await PushAsync(client, registry, "other");

        Assert.Equal(BlobPush.Uploaded, outcome);
        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
    }

    [Fact]
    public async Task A_blob_is_sent_in_chunks_if_asked()
    {
        await using FaultyRegistry registry = new();
        using RegistryClient client = new(Quick with { UploadChunkBytes = 300_000 });

        await PushAsync(client, registry);

        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
        Assert.Equal(
            ["0-299999", "300000-599999", "600000-699999"],
            registry.Requests.Where(r => r.Bytes.Length > 0).Select(r => r.Headers["Content-Range"]));
    }

    [Theory]
    [InlineData("0-1")]
    [InlineData("0-99999999999")]
    public async Task A_registry_that_says_it_has_other_bytes_than_were_sent_is_given_up(string range)
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) => request.Method is "PATCH"
            || (request.Method == "GET" && request.Path.Contains("uploads", StringComparison.Ordinal))
            ? answer with { Headers = [.. answer.Headers.Where(header => header.Name != "Range"), ("Range", range)] }
            : answer;
        using RegistryClient client = new(Quick with { UploadChunkBytes = 300_000, MaxAttempts = 3 });

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PushAsync(client, registry));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.InRange(registry.Requests.Count(request => request.Method == "PATCH"), 1, 10);
    }

    [Fact]
    public async Task The_least_chunk_that_a_registry_asks_for_is_kept()
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) => request.Method == "POST"
            ? answer with { Headers = [.. answer.Headers, ("OCI-Chunk-Min-Length", "500000")] }
            : answer;
        using RegistryClient client = new(Quick with { UploadChunkBytes = 1000 });

        await PushAsync(client, registry);

        Assert.Equal(
            [500_000, 200_000], registry.Requests.Where(r => r.Bytes.Length > 0).Select(r => r.Bytes.Length));
    }

    [Fact]
    public async Task A_registry_that_takes_no_large_body_is_sent_chunks()
    {
        byte[] large = new byte[40 * 1024 * 1024];
        Descriptor descriptor = new(Layer, Digest.OfBytes(large), large.Length);
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) =>
            request.Bytes.Length > 33 * 1024 * 1024 ? new ScriptedAnswer(413) : answer;
        using RegistryClient client = new(Quick);

        await client.PushBlobAsync(Repository(registry), descriptor, Open(large), [], null, Cancel);

        Assert.Equal(large, registry.Find("app", descriptor.Digest.ToString()));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(65_536, 1)]
    [InlineData(699_999, 1)]
    public async Task An_upload_that_breaks_off_goes_on_where_the_registry_says(int after, int sessions)
    {
        await using FaultyRegistry registry = new();
        int resets = 0;
        registry.ResetRequestAfter = (method, _) => method == "PUT" && resets++ == 0 ? after : null;
        using RegistryClient client = new(Quick);

        await PushAsync(client, registry);

        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
        Assert.Equal(sessions, registry.Requests.Count(r => r.Method == "POST"));
        Assert.True(registry.Requests.Sum(r => r.Bytes.Length) <= Blob.Length + 1);
    }

    [Fact]
    public async Task An_upload_that_the_registry_has_forgotten_is_begun_again()
    {
        await using FaultyRegistry registry = new();
        int resets = 0;
        registry.ResetRequestAfter = (method, _) => method == "PUT" && resets++ == 0 ? 1000 : null;
        registry.Spoil = (request, answer) =>
            request.Method == "GET" && request.Path.Contains("uploads", StringComparison.Ordinal)
                ? new ScriptedAnswer(404)
                : answer;
        using RegistryClient client = new(Quick);

        await PushAsync(client, registry);

        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
        Assert.Equal(2, registry.Requests.Count(r => r.Method == "POST"));
    }

    [Fact]
    public async Task A_burst_of_errors_is_outlasted()
    {
        await using FaultyRegistry registry = new();
        int errors = 0;
        registry.Spoil = (request, answer) => request.Method == "PUT" && errors++ < 2 ? new ScriptedAnswer(500) : answer;
        using RegistryClient client = new(Quick);

        await PushAsync(client, registry);

        Assert.Equal(Blob, registry.Find("app", BlobDescriptor.Digest.ToString()));
    }

    [Fact]
    public async Task A_registry_that_never_takes_a_blob_is_given_up()
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) => request.Method == "PUT" ? new ScriptedAnswer(500) : answer;
        using RegistryClient client = new(Quick with { MaxAttempts = 3 });

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PushAsync(client, registry));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("500", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_refuses_is_not_asked_again()
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) => request.Method == "PUT"
            ? new ScriptedAnswer(400)
            {
                Body = """{"errors":[{"code":"SIZE_INVALID","message":"too much"}]}"""u8.ToArray(),
            }
            : answer;
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PushAsync(client, registry));

        Assert.Contains("too much", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, registry.Requests.Count(r => r.Method == "PUT"));
    }

    [Fact]
    public async Task A_registry_that_got_another_digest_is_told_so()
    {
        await using FaultyRegistry registry = new();
        registry.Spoil = (request, answer) => request.Method == "PUT"
            ? answer with { Headers = [("Docker-Content-Digest", Digest.OfBytes([1]).ToString())] }
            : answer;
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => PushAsync(client, registry));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_refers_to_a_manifest_is_found_by_any_client(bool knows)
    {
        await using FaultyRegistry registry = new() { KnowsReferrers = knows };
        Descriptor subject = registry.Add("app", MediaTypes.OciManifest, Manifest(null), "v1");
        using RegistryClient client = new(Quick);
        byte[] signature = Manifest(subject, "application/x-signature");
        byte[] other = Manifest(subject, "application/x-other");

        await PushManifestAsync(client, registry, signature);
        await PushManifestAsync(client, registry, other);
        await PushManifestAsync(client, registry, other);

        IReadOnlyList<Descriptor> all = await client.ReferrersAsync(Repository(registry), subject.Digest, null, Cancel);
        Descriptor one = Assert.Single(await client.ReferrersAsync(
            Repository(registry), subject.Digest, "application/x-signature", Cancel));
        Assert.Equal(2, all.Count);
        Assert.Equal(Digest.OfBytes(signature), one.Digest);
        Assert.Equal(knows, registry.Find("app", $"sha256-{subject.Digest.Hex}") is null);
    }

    [Fact]
    public async Task A_push_that_broke_off_before_the_list_of_referrers_makes_good_for_it()
    {
        await using FaultyRegistry registry = new() { KnowsReferrers = false };
        Descriptor subject = registry.Add("app", MediaTypes.OciManifest, Manifest(null), "v1");
        byte[] signature = Manifest(subject, "application/x-signature");
        registry.Add("app", MediaTypes.OciManifest, signature);
        using RegistryClient client = new(Quick);

        await PushManifestAsync(client, registry, signature);

        Descriptor one = Assert.Single(
            await client.ReferrersAsync(Repository(registry), subject.Digest, null, Cancel));
        Assert.Equal(Digest.OfBytes(signature), one.Digest);
    }

    [Fact]
    public async Task Pages_of_referrers_are_followed()
    {
        await using FaultyRegistry registry = new() { KnowsReferrers = true };
        Descriptor subject = registry.Add("app", MediaTypes.OciManifest, Manifest(null), "v1");
        registry.Add("app", MediaTypes.OciManifest, Manifest(subject, "application/x-a"));
        registry.Spoil = (request, answer) =>
            request.Path.Contains("/referrers/", StringComparison.Ordinal) && request.Query("page").Length == 0
                ? answer with { Headers = [.. answer.Headers, ("Link", $"<{request.Path}?page=2>; rel=\"next\"")] }
                : answer;
        using RegistryClient client = new(Quick);

        IReadOnlyList<Descriptor> all = await client.ReferrersAsync(Repository(registry), subject.Digest, null, Cancel);

        Assert.Equal(2, all.Count);
    }

    [Fact]
    public async Task A_manifest_that_is_there_under_its_tag_is_not_sent_again()
    {
        await using FaultyRegistry registry = new();
        byte[] manifest = Manifest(null);
        Descriptor descriptor = registry.Add("app", MediaTypes.OciManifest, manifest, "v1");
        using RegistryClient client = new(Quick);

        bool sent = await client.PushManifestAsync(Repository(registry), descriptor, manifest, Cancel);

        Assert.False(sent);
        Assert.DoesNotContain(registry.Requests, request => request.Method == "PUT");
    }

    private static Reference Repository(FaultyRegistry registry) => Reference.Parse($"{registry.Host}/app:v1");

    private static Func<long, CancellationToken, Task<Stream>> Open(byte[] data) => (offset, _) =>
        Task.FromResult<Stream>(new MemoryStream(data, (int)offset, data.Length - (int)offset));

    private static Task<BlobPush> PushAsync(RegistryClient client, FaultyRegistry registry, params string[] from) =>
        client.PushBlobAsync(Repository(registry), BlobDescriptor, Open(Blob), from, null, Cancel);

    private static Task<bool> PushManifestAsync(RegistryClient client, FaultyRegistry registry, byte[] manifest)
    {
        Descriptor descriptor = new(MediaTypes.OciManifest, Digest.OfBytes(manifest), manifest.Length);
        return client.PushManifestAsync(
            Reference.Parse($"{registry.Host}/app@{descriptor.Digest}"), descriptor, manifest, Cancel);
    }

    private static byte[] Manifest(Descriptor? subject, string artifactType = "application/x-none")
    {
        string refers = subject is null
            ? ""
            : $$""","subject":{"mediaType":"{{subject.MediaType}}","digest":"{{subject.Digest}}","size":{{subject.Size}}}""";
        return Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"{{artifactType}}","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{Digest.OfBytes("{}"u8)}}","size":2},"layers":[]{{refers}}}""");
    }
}
