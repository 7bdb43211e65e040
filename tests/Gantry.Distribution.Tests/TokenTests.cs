using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;
using Answer = Gantry.Testing.ScriptedAnswer;
using Request = Gantry.Testing.ScriptedRequest;

namespace Gantry.Distribution.Tests;

public sealed class TokenTests
{
    private static readonly byte[] Manifest = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_anonymous_token_is_fetched_once_for_a_scope()
    {
        await using ScriptedServer tokens = new(_ => Token("""{"token":"good","expires_in":300}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions());

        await client.ResolveAsync(Name(server), Cancel);
        await client.ResolveAsync(Name(server), Cancel);

        Request request = Assert.Single(tokens.Requests);
        Assert.Equal("GET", request.Method);
        Assert.Equal("/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull", request.Path);
        Assert.False(request.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task A_password_is_given_by_POST()
    {
        await using ScriptedServer tokens = new(_ => Token("""{"access_token":"good"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions
        {
            Credentials = new FixedCredential(new RegistryCredential("me", "p w")),
        });

        await client.ResolveAsync(Name(server), Cancel);

        Request request = Assert.Single(tokens.Requests);
        Assert.Equal("POST", request.Method);
        Assert.Contains("grant_type=password", request.Body, StringComparison.Ordinal);
        Assert.Contains("username=me&password=p+w", request.Body, StringComparison.Ordinal);
        Assert.Contains("scope=repository%3Ateam%2Fapp%3Apull", request.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_token_is_given_as_refresh_token()
    {
        await using ScriptedServer tokens = new(_ => Token("""{"access_token":"good"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions
        {
            Credentials = new FixedCredential(new RegistryCredential("", "") { IdentityToken = "refresh-me" }),
        });

        await client.ResolveAsync(Name(server), Cancel);

        Assert.Contains(
            "grant_type=refresh_token&refresh_token=refresh-me",
            Assert.Single(tokens.Requests).Body,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_knows_no_POST_is_asked_by_GET()
    {
        await using ScriptedServer tokens = new(
            request => request.Method == "POST" ? new Answer(405) : Token("""{"token":"good"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions
        {
            Credentials = new FixedCredential(new RegistryCredential("me", "pw")),
        });

        await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal(["POST", "GET"], tokens.Requests.Select(r => r.Method));
        Assert.Equal(
            "Basic " + Convert.ToBase64String("me:pw"u8), tokens.Requests[1].Headers["Authorization"]);
    }

    [Fact]
    public async Task A_refused_user_is_told_so()
    {
        await using ScriptedServer tokens = new(_ => new Answer(401));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions
        {
            Credentials = new FixedCredential(new RegistryCredential("me", "wrong")),
        });

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
        Assert.Contains("pull access denied", error.Message, StringComparison.Ordinal);
        Assert.Contains("failed to fetch oauth token", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_the_registry_does_not_take_ends_in_an_error()
    {
        await using ScriptedServer tokens = new(_ => Token("""{"token":"bad"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions());

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
        Assert.InRange(tokens.Requests.Count, 1, 6);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"token":"a\r\nb"}""")]
    [InlineData("null")]
    public async Task What_is_no_token_is_refused(string body)
    {
        await using ScriptedServer tokens = new(_ => Token(body));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host));
        using RegistryClient client = new(new RegistryOptions());

        GantryException error = await Assert.ThrowsAsync<GantryException>(
            () => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
    }

    [Fact]
    public async Task A_docker_config_gives_the_credential_of_each_host()
    {
        DockerConfig config = DockerConfig.Parse(Encoding.UTF8.GetBytes(
            $$"""
            {"auths":{"https://index.docker.io/v1/":{"auth":"{{Convert.ToBase64String("hub:a:b"u8)}}"},
                      "https://reg.example:5000/v2/":{"username":"u","password":"p"},
                      "token.example":{"identitytoken":"t"},
                      "nothing.example":{} },
             "credsStore":"desktop"}
            """));

        Assert.Equal(new RegistryCredential("hub", "a:b"), await GetAsync(config, "docker.io"));
        Assert.Equal(new RegistryCredential("u", "p"), await GetAsync(config, "reg.example:5000"));
        Assert.Equal("t", (await GetAsync(config, "token.example"))?.IdentityToken);
        Assert.Null(await GetAsync(config, "nothing.example"));
        Assert.Null(await GetAsync(config, "elsewhere.example"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"auths":{"x":{"auth":"%%%"}}}""")]
    [InlineData("""{"auths":{"x":{"auth":"YWJj"}}}""")]
    public void A_docker_config_that_is_wrong_is_refused(string json) =>
        Assert.Throws<FormatException>(() => DockerConfig.Parse(Encoding.UTF8.GetBytes(json)));

    private static async Task<RegistryCredential?> GetAsync(DockerConfig config, string host) =>
        await config.GetAsync(new CredentialRequest(host, host + "/app", []), Cancel);

    private static Reference Name(ScriptedServer server) => Reference.Parse($"{server.Host}/team/app:v1");

    private static Answer Token(string json) => new(200) { Body = Encoding.UTF8.GetBytes(json) };

    private static Answer Registry(Request request, string tokenHost) =>
        request.Headers.GetValueOrDefault("Authorization") == "Bearer good"
            ? new Answer(200)
            {
                Body = Manifest,
                Headers =
                [
                    ("Content-Type", MediaTypes.OciIndex), ("Docker-Content-Digest", Digest.OfBytes(Manifest).ToString()),
                ],
            }
            : new Answer(401)
            {
                Headers =
                [
                    ("WWW-Authenticate",
                        $"Bearer realm=\"http://{tokenHost}/token\",service=\"reg\",scope=\"repository:team/app:pull\""),
                ],
            };
}
