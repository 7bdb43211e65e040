using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>Ways into Debian's docker-registry: token servers, certificates, and pull-through proxies.</summary>
public sealed class RealAccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_server_lets_its_user_in_by_POST_or_GET(bool post)
    {
        using TempDirectory directory = new();
        await using TokenServer tokens = new() { Anonymous = false, Post = post };
        await using RegistryServer server = await StartAsync(tokens);
        Reference name = await PushAsync(server, directory);
        using RegistryClient known = new(With(new RegistryCredential("me", "s3cret")));
        using RegistryClient wrong = new(With(new RegistryCredential("me", "guess")));
        using RegistryClient nobody = new(new RegistryOptions());

        byte[] layer = await PullAsync(known, name);
        GantryException refused = await Assert.ThrowsAsync<GantryException>(() => wrong.ResolveAsync(name, Cancel));
        GantryException unknown = await Assert.ThrowsAsync<GantryException>(() => nobody.ResolveAsync(name, Cancel));

        Assert.NotEmpty(layer);
        Assert.Equal(ErrorKind.Unauthenticated, refused.Kind);
        Assert.Contains("failed to fetch oauth token", refused.Message, StringComparison.Ordinal);
        Assert.Contains("who are you", refused.Message, StringComparison.Ordinal);
        Assert.Contains("failed to fetch anonymous token", unknown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everybody_may_pull_with_an_anonymous_token_and_one_token_does_for_the_whole_pull()
    {
        using TempDirectory directory = new();
        await using TokenServer tokens = new();
        await using RegistryServer server = await StartAsync(tokens);
        Reference name = await PushAsync(server, directory);
        int before = tokens.Requests.Count;
        using RegistryClient client = new(new RegistryOptions());

        await PullAsync(client, name);

        Assert.Equal(before + 1, tokens.Requests.Count);
    }

    [Fact]
    public async Task Tokens_that_run_out_at_once_are_renewed_while_pulling()
    {
        using TempDirectory directory = new();
        await using TokenServer tokens = new() { Lifetime = 300 };
        await using RegistryServer server = await StartAsync(tokens);
        Reference name = await PushAsync(server, directory);
        int before = tokens.Requests.Count;
        ShiftedTime time = new();
        using RegistryClient client = new(new RegistryOptions { Time = time });

        Descriptor target = await client.ResolveAsync(name, Cancel);
        time.Shift = TimeSpan.FromSeconds(290);
        await client.FetchManifestAsync(name, target, Cancel);

        Assert.Equal(before + 2, tokens.Requests.Count);
    }

    [Fact]
    public async Task An_identity_token_stands_for_the_user()
    {
        using TempDirectory directory = new();
        await using TokenServer tokens = new() { Anonymous = false, IdentityToken = "id3ntity" };
        await using RegistryServer server = await StartAsync(tokens);
        Reference name = await PushAsync(server, directory);
        using RegistryClient client = new(With(new RegistryCredential("", "") { IdentityToken = "id3ntity" }));

        Assert.NotEmpty(await PullAsync(client, name));
    }

    [Fact]
    public async Task A_registry_that_wants_a_certificate_of_ours_gets_it_from_hosts_toml_or_from_files_beside_it()
    {
        using TempDirectory directory = new();
        await using RegistryServer server = await RegistryServer.StartAsync(
            new RegistryServerOptions { Tls = true, ClientCertificates = true }, Cancel);
        Reference name = await PushAsync(server, directory);
        string written = directory[$"toml/{server.Host}"];
        Directory.CreateDirectory(written);
        await File.WriteAllTextAsync(
            Path.Combine(written, "hosts.toml"),
            $"""
            server = "https://{server.Host}"
            ca = "{server.CaFile}"
            client = [["{server.ClientDirectory}/client.cert", "{server.ClientDirectory}/client.key"]]
            """,
            Cancel);
        Directory.CreateDirectory(directory["files"]);
        Directory.CreateSymbolicLink(directory[$"files/{server.Host}"], server.ClientDirectory);

        foreach (string kind in new[] { "toml", "files" })
        {
            using RegistryClient client = new(new RegistryOptions { HostsDirectories = [directory[kind]] });
            Assert.NotEmpty(await PullAsync(client, name));
        }

        using RegistryClient nobody = new(new RegistryOptions { CaFiles = [server.CaFile!], MaxAttempts = 1 });
        GantryException error = await Assert.ThrowsAsync<GantryException>(() => nobody.ResolveAsync(name, Cancel));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
    }

    [Fact]
    public async Task A_certificate_of_ours_that_cannot_be_used_is_named()
    {
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["reg.example"]);
        await File.WriteAllTextAsync(
            directory["reg.example/hosts.toml"], "client = [[\"me.cert\", \"me.key\"]]\n", Cancel);
        using RegistryClient client = new(new RegistryOptions { HostsDirectories = [directory.Path] });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Reference.Parse("reg.example/app:v1"), Cancel));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains(
            $"client certificate: no such file: {directory["reg.example/me.cert"]}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_through_proxy_serves_in_the_place_of_its_registry()
    {
        using TempDirectory directory = new();
        RegistryServer upstream = await RegistryServer.StartAsync(cancellationToken: Cancel);
        await using RegistryServer proxy = await RegistryServer.StartAsync(
            new RegistryServerOptions { ProxyOf = upstream.Url }, Cancel);
        Reference pushed;
        await using (upstream)
        {
            pushed = await PushAsync(upstream, directory);
            Directory.CreateDirectory(directory["hosts/reg.example"]);
            await File.WriteAllTextAsync(
                directory["hosts/reg.example/hosts.toml"],
                $"""
                server = "http://{upstream.Host}"
                [host."http://{proxy.Host}"]
                  capabilities = ["pull", "resolve"]
                """,
                Cancel);
            using RegistryClient first = new(new RegistryOptions { HostsDirectories = [directory["hosts"]] });
            Assert.NotEmpty(await PullAsync(first, Reference.Parse("reg.example/app:v1")));
            await KeptAsync(proxy, 2);
        }

        using RegistryClient second = new(new RegistryOptions { HostsDirectories = [directory["hosts"]], MaxAttempts = 1 });
        using RegistryClient direct = new(new RegistryOptions { MaxAttempts = 1 });

        await Assert.ThrowsAsync<GantryException>(() => direct.ResolveAsync(pushed, Cancel));
        Assert.NotEmpty(await PullAsync(second, Reference.Parse("reg.example/app:v1")));
    }

    /// <summary>Waits until a proxy, which keeps blobs after it has served them, has so many.</summary>
    private static Task KeptAsync(RegistryServer proxy, int count)
    {
        string blobs = Path.Combine(proxy.StorageDirectory, "docker/registry/v2/blobs");
        return Poll.UntilAsync(() => Directory.Exists(blobs)
            && Directory.EnumerateFiles(blobs, "data", SearchOption.AllDirectories).Count() >= count);
    }

    private static RegistryOptions With(RegistryCredential credential) =>
        new() { Credentials = new FixedCredential(credential) };

    private static Task<RegistryServer> StartAsync(TokenServer tokens) => RegistryServer.StartAsync(
        new RegistryServerOptions
        {
            TokenRealm = tokens.Realm,
            TokenCertificateFile = tokens.CertificateFile,
            Username = tokens.Username,
            Password = tokens.Password,
        },
        Cancel);

    private static async Task<Reference> PushAsync(RegistryServer server, TempDirectory directory)
    {
        OciLayout layout = new(directory["layout"]);
        layout.AddImage("v1", Platform.Current, [ImageFactory.AddLayer(layout, ("data.bin", new byte[10_000]))]);
        return Reference.Parse(await server.PushAsync(layout.Source("v1"), "app:v1", null, Cancel));
    }

    private static async Task<byte[]> PullAsync(RegistryClient client, Reference name)
    {
        Descriptor target = await client.ResolveAsync(name, Cancel);
        ImageManifest manifest = OciJson.ParseManifest(await client.FetchManifestAsync(name, target, Cancel));
        await using Stream stream = await client.OpenBlobAsync(name, manifest.Layers[0], 0, Cancel);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Cancel);
        return all.ToArray();
    }
}
