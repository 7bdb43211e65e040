using System.Globalization;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;
using Answer = Gantry.Testing.ScriptedAnswer;
using Request = Gantry.Testing.ScriptedRequest;

namespace Gantry.Distribution.Tests;

/// <summary>What a real registry does not do on demand.</summary>
public sealed class FaultTests
{
    private static readonly byte[] Manifest = Encoding.UTF8.GetBytes(
        """{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":1},"layers":[]}""");

    private static readonly byte[] Blob = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31))];

    private static readonly RegistryOptions Quick = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(1),
        IdleTimeout = TimeSpan.FromSeconds(20),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Descriptor BlobDescriptor => new(MediaTypes.OciLayer, Digest.OfBytes(Blob), Blob.Length);

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_passing_error_is_tried_again(int status)
    {
        int count = 0;
        await using ScriptedServer server = new(_ => ++count < 3 ? new Answer(status) : ManifestAnswer());
        using RegistryClient client = new(Quick);

        Descriptor descriptor = await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal(Digest.OfBytes(Manifest), descriptor.Digest);
        Assert.Equal(3, count);
    }

    [Fact]
    public async Task An_error_that_stays_is_given_up_with_what_the_registry_says()
    {
        await using ScriptedServer server = new(_ => new Answer(503)
        {
            Body = """{"errors":[{"code":"UNAVAILABLE","message":"down for repair"}]}"""u8.ToArray(),
        });
        using RegistryClient client = new(Quick with { MaxAttempts = 2 });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("failed to resolve reference", error.Message, StringComparison.Ordinal);
        Assert.Contains("503", error.Message, StringComparison.Ordinal);
        Assert.Contains("down for repair", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task A_wait_that_the_registry_asks_for_is_kept()
    {
        int count = 0;
        await using ScriptedServer server = new(_ => ++count == 1
            ? new Answer(429) { Headers = [("Retry-After", "1")] }
            : ManifestAnswer());
        using RegistryClient client = new(Quick);
        long start = TimeProvider.System.GetTimestamp();

        await client.ResolveAsync(Name(server), Cancel);

        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(0.9), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_wait_that_is_too_long_is_not_begun()
    {
        await using ScriptedServer server = new(_ => new Answer(429) { Headers = [("Retry-After", "3600")] });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Contains("429", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_blob_that_breaks_off_is_taken_up_where_it_broke()
    {
        await using ScriptedServer server = new(request => BlobAnswer(request, breakAfter: 100_000));
        using RegistryClient client = new(Quick);

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel);
        byte[] got = await ReadAsync(stream);

        Assert.Equal(Blob, got);
        Assert.Equal(
            ["", "bytes=100000-", "bytes=200000-"],
            server.Requests.Select(r => r.Headers.GetValueOrDefault("Range", "")));
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_still_gives_the_rest()
    {
        await using ScriptedServer server = new(_ => new Answer(200) { Body = Blob });
        using RegistryClient client = new(Quick);

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 123_456, Cancel);
        byte[] got = await ReadAsync(stream);

        Assert.Equal(Blob[123_456..], got);
    }

    [Fact]
    public async Task A_blob_that_never_comes_whole_ends_in_an_error()
    {
        await using ScriptedServer server = new(_ => new Answer(200) { Body = Blob, BreakAfter = 1000 });
        using RegistryClient client = new(Quick with { MaxAttempts = 3 });

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel);
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(stream));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("1000 of 300000 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_longer_than_its_descriptor_is_refused()
    {
        await using ScriptedServer server = new(_ => new Answer(200) { Body = [.. Blob, 1] });
        using RegistryClient client = new(Quick);

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel);
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(stream));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task A_manifest_that_is_not_its_digest_is_refused()
    {
        byte[] other = [.. Manifest];
        other[^2] = (byte)' ';
        await using ScriptedServer server = new(_ => new Answer(200) { Body = other });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => client.FetchManifestAsync(
            Name(server), new Descriptor(MediaTypes.OciManifest, Digest.OfBytes(Manifest), Manifest.Length), Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("digest", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digest_header_that_lies_is_refused()
    {
        await using ScriptedServer server = new(request => request.Method == "HEAD"
            ? new Answer(405)
            : ManifestAnswer(Digest.OfBytes(Blob).ToString()));
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task A_registry_that_knows_no_HEAD_is_asked_with_GET()
    {
        await using ScriptedServer server = new(request => request.Method == "HEAD" ? new Answer(405) : ManifestAnswer());
        using RegistryClient client = new(Quick);

        Descriptor descriptor = await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal(new Descriptor(MediaTypes.OciManifest, Digest.OfBytes(Manifest), Manifest.Length), descriptor);
    }

    [Fact]
    public async Task A_manifest_over_the_limit_is_refused()
    {
        await using ScriptedServer server = new(_ => new Answer(200)
        {
            Body = new byte[OciJson.MaxManifestBytes + 1],
            Headers = [("Content-Type", MediaTypes.OciManifest)],
        });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}")]
    [InlineData("application/json", """{"schemaVersion":1,"fsLayers":[]}""")]
    public async Task Schema_1_is_refused_in_clear_words(string contentType, string body)
    {
        await using ScriptedServer server = new(_ => new Answer(200)
        {
            Body = Encoding.UTF8.GetBytes(body),
            Headers = [("Content-Type", contentType)],
        });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("please rebuild the image", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html", "<html>hello</html>")]
    [InlineData("application/vnd.example", "{}")]
    public async Task What_is_no_manifest_is_refused(string contentType, string body)
    {
        await using ScriptedServer server = new(_ => new Answer(200)
        {
            Body = Encoding.UTF8.GetBytes(body),
            Headers = [("Content-Type", contentType)],
        });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect_to_another_host()
    {
        await using ScriptedServer other = new(_ => new Answer(200) { Body = Blob });
        await using ScriptedServer server = new(request => !request.Headers.ContainsKey("Authorization")
            ? new Answer(401) { Headers = [("WWW-Authenticate", "Basic realm=\"x\"")] }
            : new Answer(307) { Headers = [("Location", $"http://{other.Host}/elsewhere?signature=1")] });
        using RegistryClient client = new(Quick with
        {
            Credentials = new FixedCredential(new RegistryCredential("user", "secret")),
        });

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel);
        byte[] got = await ReadAsync(stream);

        Assert.Equal(Blob, got);
        Request seen = Assert.Single(other.Requests);
        Assert.Equal("/elsewhere?signature=1", seen.Path);
        Assert.False(seen.Headers.ContainsKey("Authorization"));
        Assert.Contains(server.Requests, r => r.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task A_challenge_of_the_host_redirected_to_is_not_answered()
    {
        await using ScriptedServer other = new(
            _ => new Answer(401) { Headers = [("WWW-Authenticate", "Basic realm=\"trap\"")] });
        await using ScriptedServer server = new(
            _ => new Answer(302) { Headers = [("Location", $"http://{other.Host}/trap")] });
        using RegistryClient client = new(Quick with
        {
            Credentials = new FixedCredential(new RegistryCredential("user", "secret")),
        });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel));

        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
        Assert.All(other.Requests, r => Assert.False(r.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        await using ScriptedServer server = new(_ => new Answer(302) { Headers = [("Location", "/again")] });
        using RegistryClient client = new(Quick);

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel));

        Assert.Contains("redirects", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_stays_silent_is_given_up()
    {
        await using ScriptedServer server = new(_ => new Answer(200) { Body = Blob, BreakAfter = 10, Stall = true });
        using RegistryClient client = new(Quick with { MaxAttempts = 1, IdleTimeout = TimeSpan.FromMilliseconds(200) });

        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, Cancel);
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => ReadAsync(stream));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("10 of 300000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_is_said_plainly_and_at_once()
    {
        string host;
        await using (ScriptedServer server = new(_ => new Answer(200)))
        {
            host = server.Host;
        }

        using RegistryClient client = new(Quick with { RetryDelay = TimeSpan.FromMinutes(1) });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Reference.Parse($"{host}/x:y"), Cancel));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("connection refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_a_read()
    {
        await using ScriptedServer server = new(_ => new Answer(200) { Body = Blob, BreakAfter = 10, Stall = true });
        using RegistryClient client = new(Quick);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using Stream stream = await client.OpenBlobAsync(Name(server), BlobDescriptor, 0, cancel.Token);
        Task<byte[]> reading = ReadAsync(stream, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    private static Reference Name(ScriptedServer server) => Reference.Parse($"{server.Host}/team/app:v1");

    private static Answer ManifestAnswer(string? digest = null) => new(200)
    {
        Body = Manifest,
        Headers =
        [
            ("Content-Type", MediaTypes.OciManifest),
            ("Docker-Content-Digest", digest ?? Digest.OfBytes(Manifest).ToString()),
        ],
    };

    private static Answer BlobAnswer(Request request, int breakAfter)
    {
        string range = request.Headers.GetValueOrDefault("Range", "bytes=0-");
        int from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        return new Answer(from == 0 ? 200 : 206)
        {
            Body = Blob[from..],
            BreakAfter = breakAfter,
            Headers = from == 0 ? [] : [("Content-Range", $"bytes {from}-{Blob.Length - 1}/{Blob.Length}")],
        };
    }

    private static async Task<byte[]> ReadAsync(Stream stream, CancellationToken? cancellationToken = null)
    {
        using MemoryStream all = new();
        await stream.CopyToAsync(all, cancellationToken ?? Cancel);
        return all.ToArray();
    }
}
