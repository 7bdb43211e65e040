using System.Net;
using System.Net.Sockets;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Distribution.Fetch;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Resolve;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>Hosts of a hosts.toml, one after another.</summary>
public sealed class MirrorTests : IDisposable
{
    private static readonly byte[] Manifest = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();
    private static readonly byte[] Blob = Encoding.UTF8.GetBytes("some bytes of a layer");
    private static readonly Descriptor BlobDescriptor = new(MediaTypes.OciLayer, Digest.OfBytes(Blob), Blob.Length);

    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task A_mirror_that_does_not_serve_is_passed_over(int status)
    {
        await using ScriptedServer mirror = new(_ => new ScriptedAnswer(status));
        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{mirror.Host}"]
            """));

        Descriptor found = await client.ResolveAsync(Name(), Cancel);
        byte[] manifest = await client.FetchManifestAsync(Name(), found, Cancel);
        byte[] blob = await ReadAsync(client);

        Assert.Equal(Digest.OfBytes(Manifest), found.Digest);
        Assert.Equal(Manifest, manifest);
        Assert.Equal(Blob, blob);
        Assert.All(mirror.Requests, request => Assert.Contains("ns=reg.example", request.Path, StringComparison.Ordinal));
        Assert.Equal(3, mirror.Requests.Select(request => request.Path).Distinct().Count());
    }

    [Fact]
    public async Task A_mirror_without_a_large_blob_is_asked_for_it_once_and_not_for_each_piece()
    {
        byte[] large = new byte[5 * PiecewiseStream.PieceBytes];
        await using ScriptedServer mirror = new(_ => new ScriptedAnswer(404));
        await using FaultyRegistry server = new();
        Descriptor blob = server.Add("app", MediaTypes.OciLayer, large);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{mirror.Host}"]
            """) with { PiecewiseFromBytes = 1, PiecesAhead = 1 });
        await using Stream stream = await client.OpenBlobAsync(Reference.Parse("reg.example/app:v1"), blob, 0, Cancel);
        using MemoryStream got = new();

        await stream.CopyToAsync(got, Cancel);

        Assert.Equal(large.Length, got.Length);
        Assert.True(server.Requests.Count > 1);
        Assert.Single(mirror.Requests);
    }

    [Fact]
    public async Task A_mirror_that_is_not_there_is_passed_over()
    {
        int port;
        using (TcpListener nobody = new(IPAddress.Loopback, 0))
        {
            nobody.Start();
            port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        }

        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://127.0.0.1:{port}"]
            """));

        Assert.Equal(Digest.OfBytes(Manifest), (await client.ResolveAsync(Name(), Cancel)).Digest);
        Assert.Equal(Blob, await ReadAsync(client));
    }

    [Fact]
    public async Task A_mirror_that_breaks_off_is_left_alone_for_a_while()
    {
        await using ScriptedServer mirror = new(_ => new ScriptedAnswer(200) { BreakAfter = -1 });
        await using ScriptedServer server = new(Registry);
        ShiftedTime time = new();
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{mirror.Host}"]
            """) with { Time = time });

        await client.ResolveAsync(Name(), Cancel);
        await ReadAsync(client);
        Assert.Single(mirror.Requests);
        time.Shift = TimeSpan.FromMinutes(1);
        await ReadAsync(client);

        Assert.Equal(2, mirror.Requests.Count);
    }

    [Fact]
    public async Task A_mirror_that_answers_in_HTML_or_with_other_bytes_is_passed_over()
    {
        await using ScriptedServer page = new(_ => new ScriptedAnswer(200)
        {
            Body = "<html>please log in</html>"u8.ToArray(),
            Headers = [("Content-Type", "text/html")],
        });
        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{page.Host}"]
            """));

        Descriptor found = await client.ResolveAsync(Name(), Cancel);
        byte[] manifest = await client.FetchManifestAsync(Name(), found, Cancel);

        Assert.Equal(Digest.OfBytes(Manifest), found.Digest);
        Assert.Equal(Manifest, manifest);
    }

    [Fact]
    public async Task The_first_mirror_that_serves_is_enough()
    {
        await using ScriptedServer first = new(_ => new ScriptedAnswer(404));
        await using ScriptedServer second = new(Registry);
        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{first.Host}"]
            [host."http://{second.Host}"]
            """));

        await client.ResolveAsync(Name(), Cancel);
        await ReadAsync(client);

        Assert.Equal(2, first.Requests.Count);
        Assert.Equal(2, second.Requests.Count);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_mirror_is_asked_only_for_what_it_may_say()
    {
        await using ScriptedServer mirror = new(Registry);
        await using ScriptedServer pusher = new(Registry);
        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{pusher.Host}"]
              capabilities = ["push"]
            [host."http://{mirror.Host}"]
              capabilities = ["pull"]
            """));

        Descriptor found = await client.ResolveAsync(Name(), Cancel);
        await client.ResolveAsync(Reference.Parse($"reg.example/team/app@{found.Digest}"), Cancel);
        await ReadAsync(client);

        Assert.Empty(pusher.Requests);
        Assert.Equal("/v2/team/app/manifests/v1?ns=reg.example", Assert.Single(server.Requests).Path);
        Assert.Equal(2, mirror.Requests.Count);
    }

    [Fact]
    public async Task No_host_that_may_be_asked_is_an_error_of_its_own()
    {
        using RegistryClient client = new(Hosts("""
            capabilities = ["push"]
            """));

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => client.ResolveAsync(Name(), Cancel));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("no host for reg.example has the capability \"resolve\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_go_to_their_host_and_not_where_it_redirects_to()
    {
        await using ScriptedServer storage = new(_ => new ScriptedAnswer(200) { Body = Blob });
        await using ScriptedServer mirror = new(_ => new ScriptedAnswer(307)
        {
            Headers = [("Location", $"http://{storage.Host}/elsewhere")],
        });
        using RegistryClient client = new(Hosts($"""
            [host."http://{mirror.Host}"]
            [host."http://{mirror.Host}".header]
              x-key = "k3y"
              Authorization = "Basic aGVhZGVy"
            """));

        Assert.Equal(Blob, await ReadAsync(client));

        ScriptedRequest asked = Assert.Single(mirror.Requests);
        ScriptedRequest followed = Assert.Single(storage.Requests);
        Assert.Equal("k3y", asked.Headers["x-key"]);
        Assert.Equal("Basic aGVhZGVy", asked.Headers["Authorization"]);
        Assert.False(followed.Headers.ContainsKey("x-key"));
        Assert.False(followed.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task The_path_of_a_host_is_kept_and_may_be_all_of_it()
    {
        await using ScriptedServer one = new(_ => new ScriptedAnswer(404));
        await using ScriptedServer two = new(_ => new ScriptedAnswer(404));
        await using ScriptedServer server = new(Registry);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{one.Host}/hub"]
            [host."http://{two.Host}/api/hub"]
              override_path = true
            """));

        await client.ResolveAsync(Name(), Cancel);

        Assert.Equal("/hub/v2/team/app/manifests/v1?ns=reg.example", Assert.Single(one.Requests).Path);
        Assert.Equal("/api/hub/team/app/manifests/v1?ns=reg.example", Assert.Single(two.Requests).Path);
    }

    [Fact]
    public async Task A_mirror_gets_its_own_credentials_and_not_those_of_the_registry()
    {
        await using ScriptedServer mirror = new(Asking);
        await using ScriptedServer other = new(Asking);
        await using ScriptedServer server = new(Asking);
        using RegistryClient client = new(Hosts($"""
            server = "http://{server.Host}"
            [host."http://{other.Host}"]
            [host."http://{mirror.Host}"]
            """) with
        {
            Credentials = new CredentialChain(
                new FixedCredential(new RegistryCredential("hub", "hub-secret"), "reg.example"),
                new FixedCredential(new RegistryCredential("mirror", "mirror-secret"), mirror.Host)),
        });

        await client.ResolveAsync(Name(), Cancel);

        Assert.All(other.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
        Assert.Equal(Basic("mirror", "mirror-secret"), mirror.Requests[^1].Headers["Authorization"]);
        Assert.Empty(server.Requests);

        static ScriptedAnswer Asking(ScriptedRequest request) => request.Headers.ContainsKey("Authorization")
            ? Registry(request)
            : new ScriptedAnswer(401) { Headers = [("WWW-Authenticate", "Basic realm=\"x\"")] };
    }

    [Fact]
    public async Task An_explanation_asks_all_hosts_and_says_which_one_a_pull_takes()
    {
        await using ScriptedServer missing = new(_ => new ScriptedAnswer(404));
        await using ScriptedServer mirror = new(Registry);
        await using ScriptedServer server = new(Registry);
        RegistryOptions options = Hosts($"""
            server = "http://{server.Host}"
            [host."http://{missing.Host}"]
              dial_timeout = "2s"
            [host."http://{mirror.Host}"]
            [host."http://push.example"]
              capabilities = ["push"]
            """);

        IReadOnlyList<HostExplanation> hosts = await RegistryClient.ExplainAsync(Name(), options, Cancel);

        Assert.Equal(
            [$"http://{missing.Host}/v2/", $"http://{mirror.Host}/v2/", "http://push.example/v2/", $"http://{server.Host}/v2/"],
            hosts.Select(host => host.Url.ToString()));
        Assert.Equal("not found", hosts[0].Error);
        Assert.Equal("reg.example", hosts[0].MirrorOf);
        Assert.Contains(
            new HostSetting("dial_timeout", "\"2s\"", _directory["reg.example"] + "/hosts.toml:3"), hosts[0].Config.Settings);
        Assert.Equal([$"HEAD http://{missing.Host}/v2/team/app/manifests/v1: 404"], hosts[0].Exchanges);
        Assert.Equal(Digest.OfBytes(Manifest), hosts[1].Found?.Digest);
        Assert.False(hosts[2].Asked);
        Assert.Equal(Digest.OfBytes(Manifest), hosts[3].Found?.Digest);
    }

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static Reference Name() => Reference.Parse("reg.example/team/app:v1");

    private static ScriptedAnswer Registry(ScriptedRequest request) =>
        request.Path.Contains("/blobs/", StringComparison.Ordinal)
            ? new ScriptedAnswer(200) { Body = Blob }
            : new ScriptedAnswer(200)
            {
                Body = Manifest,
                Headers =
                [
                    ("Content-Type", MediaTypes.OciIndex), ("Docker-Content-Digest", Digest.OfBytes(Manifest).ToString()),
                ],
            };

    private static async Task<byte[]> ReadAsync(RegistryClient client)
    {
        await using Stream stream = await client.OpenBlobAsync(Name(), BlobDescriptor, 0, Cancel);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Cancel);
        return all.ToArray();
    }

    private RegistryOptions Hosts(string text)
    {
        Directory.CreateDirectory(_directory["reg.example"]);
        File.WriteAllText(_directory["reg.example/hosts.toml"], text);
        return new RegistryOptions
        {
            HostsDirectories = [_directory.Path],
            MaxAttempts = 2,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
    }
}
