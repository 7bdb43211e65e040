using System.Net;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Distribution.Tests;

/// <summary>Where credentials and tokens go, and where not.</summary>
public sealed class CredentialTests
{
    private static readonly byte[] Manifest = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_is_renewed_before_it_runs_out_and_with_the_refresh_token_that_came_with_it()
    {
        int given = 0;
        await using ScriptedServer tokens = new(_ => Json($$"""
            {"access_token":"t{{++given}}","expires_in":100,"refresh_token":"r{{given}}"}
            """));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host, $"Bearer t{given}"));
        ShiftedTime time = new();
        using RegistryClient client = new(Known("me", "pw") with { Time = time });

        await client.ResolveAsync(Name(server), Cancel);
        await client.ResolveAsync(Name(server), Cancel);
        time.Shift = TimeSpan.FromSeconds(95);
        await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal(2, tokens.Requests.Count);
        Assert.Contains("grant_type=password", tokens.Requests[0].Body, StringComparison.Ordinal);
        Assert.Contains("grant_type=refresh_token&refresh_token=r1", tokens.Requests[1].Body, StringComparison.Ordinal);
        Assert.Equal(
            [null, "Bearer t1", "Bearer t1", "Bearer t2"],
            server.Requests.Select(request => request.Headers.GetValueOrDefault("Authorization")));
    }

    [Fact]
    public async Task A_refresh_token_that_is_not_taken_gives_way_to_the_password()
    {
        int given = 0;
        await using ScriptedServer tokens = new(request =>
            request.Body.Contains("grant_type=refresh_token", StringComparison.Ordinal)
                ? new ScriptedAnswer(401)
                : Json($$"""{"token":"t{{++given}}","expires_in":100,"refresh_token":"old"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host, $"Bearer t{given}"));
        ShiftedTime time = new();
        using RegistryClient client = new(Known("me", "pw") with { Time = time });

        await client.ResolveAsync(Name(server), Cancel);
        time.Shift = TimeSpan.FromSeconds(95);
        await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal(2, given);
    }

    [Fact]
    public async Task A_token_of_one_repository_is_not_shown_for_another()
    {
        await using ScriptedServer tokens = new(request => Json($$"""
            {"token":"{{(request.Query("scope").Contains("one", StringComparison.Ordinal) ? "one" : "two")}}"}
            """));
        await using ScriptedServer server = new(request =>
        {
            string name = request.Path.Contains("/one/", StringComparison.Ordinal) ? "one" : "two";
            return Registry(request, tokens.Host, $"Bearer {name}", "");
        });
        using RegistryClient client = new(Quick);

        await client.ResolveAsync(Reference.Parse($"{server.Host}/team/one:v1"), Cancel);
        await client.ResolveAsync(Reference.Parse($"{server.Host}/team/two:v1"), Cancel);

        Assert.Equal(
            [null, "Bearer one", null, "Bearer two"],
            server.Requests.Select(request => request.Headers.GetValueOrDefault("Authorization")));
    }

    [Fact]
    public async Task A_redirect_takes_neither_token_nor_password_along()
    {
        await using ScriptedServer storage = new(request => Registry(request, "", null));
        await using ScriptedServer server = new(request => request.Headers.ContainsKey("Authorization")
            ? new ScriptedAnswer(307) { Headers = [("Location", $"http://{storage.Host}/signed?key=k3y")] }
            : new ScriptedAnswer(401) { Headers = [("WWW-Authenticate", "Basic realm=\"x\"")] });
        using RegistryClient client = new(Known("me", "pw"));

        await client.ResolveAsync(Name(server), Cancel);

        Assert.NotEmpty(storage.Requests);
        Assert.All(storage.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task A_challenge_of_where_a_redirect_leads_is_not_answered()
    {
        await using ScriptedServer tokens = new(_ => Json("""{"token":"t"}"""));
        await using ScriptedServer thief = new(_ => new ScriptedAnswer(401)
        {
            Headers = [("WWW-Authenticate", $"Bearer realm=\"http://{tokens.Host}/token\"")],
        });
        await using ScriptedServer server = new(_ => new ScriptedAnswer(302)
        {
            Headers = [("Location", $"http://{thief.Host}/v2/team/app/manifests/v1")],
        });
        using RegistryClient client = new(Known("me", "pw"));

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => client.ResolveAsync(Name(server), Cancel));

        Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
        Assert.Empty(tokens.Requests);
        Assert.All(thief.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task A_token_server_gets_what_it_is_asked_with_and_nothing_that_is_the_registry_s()
    {
        await using ScriptedServer tokens = new(_ => Json("""{"token":"good"}"""));
        await using ScriptedServer server = new(request => Registry(request, tokens.Host, "Bearer good"));
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory[server.Host]);
        await File.WriteAllTextAsync(
            directory[$"{server.Host}/hosts.toml"],
            $"server = \"http://{server.Host}\"\n[header]\n  x-key = \"k3y\"\n",
            Cancel);
        using RegistryClient client = new(Known("me", "pw") with { HostsDirectories = [directory.Path] });

        await client.ResolveAsync(Name(server), Cancel);

        ScriptedRequest asked = Assert.Single(tokens.Requests);
        Assert.False(asked.Headers.ContainsKey("x-key"));
        Assert.False(asked.Headers.ContainsKey("Authorization"));
        Assert.All(server.Requests, request => Assert.Equal("k3y", request.Headers["x-key"]));
        Assert.All(server.Requests, request => Assert.DoesNotContain("pw", request.Headers.Values));
    }

    [Fact]
    public async Task A_token_server_that_redirects_is_not_followed()
    {
        await using ScriptedServer thief = new(_ => Json("""{"token":"good"}"""));
        await using ScriptedServer tokens = new(_ => new ScriptedAnswer(307)
        {
            Headers = [("Location", $"http://{thief.Host}/token")],
        });
        await using ScriptedServer server = new(request => Registry(request, tokens.Host, "Bearer good"));
        using RegistryClient client = new(Known("me", "pw"));

        await Assert.ThrowsAsync<GantryException>(() => client.ResolveAsync(Name(server), Cancel));

        Assert.Empty(thief.Requests);
    }

    [Theory]
    [InlineData("Basic realm=\"x\"", "reg.example")]
    [InlineData("Bearer realm=\"http://auth.example/token\"", "auth.example")]
    public async Task No_password_goes_over_plain_http_unless_asked(string challenge, string target)
    {
        // In the place of a proxy it gets what is sent to any host that is not on this machine.
        await using ScriptedServer server = new(request =>
            request.Path.Contains("/token", StringComparison.Ordinal) ? Json("""{"token":"t"}""")
            : request.Headers.ContainsKey("Authorization") ? Registry(request, "", null)
            : new ScriptedAnswer(401) { Headers = [("WWW-Authenticate", challenge)] });
        IWebProxy before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy($"http://{server.Host}");
        try
        {
            using TempDirectory directory = new();
            Directory.CreateDirectory(directory["reg.example"]);
            await File.WriteAllTextAsync(
                directory["reg.example/hosts.toml"], "server = \"http://reg.example\"\n", Cancel);
            RegistryOptions options = Known("me", "pw") with { HostsDirectories = [directory.Path] };
            using RegistryClient careful = new(options);
            using RegistryClient asked = new(options with { PlainHttp = true });
            Reference name = Reference.Parse("reg.example/team/app:v1");

            GantryException error = await Assert.ThrowsAsync<GantryException>(() => careful.ResolveAsync(name, Cancel));

            Assert.Equal(ErrorKind.Unauthenticated, error.Kind);
            Assert.Contains($"credentials to be sent in plain http to {target}", error.Message, StringComparison.Ordinal);
            Assert.All(server.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
            await asked.ResolveAsync(name, Cancel);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }

    [Fact]
    public async Task A_header_of_a_credential_source_is_sent_as_it_is()
    {
        await using ScriptedServer server = new(request => Registry(request, "", "Custom abc"));
        using RegistryClient client = new(Quick with
        {
            Credentials = new FixedCredential(new RegistryCredential("", "") { Header = "Custom abc" }),
        });

        await client.ResolveAsync(Name(server), Cancel);

        Assert.Equal("Custom abc", server.Requests[^1].Headers["Authorization"]);
    }

    [Fact]
    public async Task A_source_is_told_who_asks_for_what()
    {
        List<CredentialRequest> asked = [];
        await using ScriptedServer server = new(_ => new ScriptedAnswer(401)
        {
            Headers = [("WWW-Authenticate", "Basic realm=\"x\"")],
        });
        using RegistryClient client = new(Quick with { Credentials = new Recorder(asked) });

        await Assert.ThrowsAsync<GantryException>(() => client.ResolveAsync(Name(server), Cancel));

        Assert.All(asked, request => Assert.Equal(server.Host, request.Host));
        Assert.Equal("repository:team/app:pull", asked[0].Scope);
        Assert.Equal(["Basic realm=\"x\""], asked[0].Challenges);
    }

    [Fact]
    public async Task Secrets_are_neither_logged_nor_told_in_errors()
    {
        string[] secrets =
        [
            "pass-w0rd", "acc3ss", "r3fresh", "k3y", "s1gned", Convert.ToBase64String("me:pass-w0rd"u8),
        ];
        await using ScriptedServer storage = new(_ => new ScriptedAnswer(500));
        await using ScriptedServer tokens = new(request => request.Method == "POST"
            ? new ScriptedAnswer(405)
            : Json("""{"token":"acc3ss","refresh_token":"r3fresh"}"""));
        await using ScriptedServer server = new(request => request.Headers.ContainsKey("Authorization")
            ? new ScriptedAnswer(307) { Headers = [("Location", $"http://{storage.Host}/x?sig=s1gned")] }
            : Registry(request, tokens.Host, "none"));
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["_default"]);
        await File.WriteAllTextAsync(
            directory["_default/hosts.toml"], $"server = \"http://{server.Host}\"\n[header]\n  x = \"k3y\"\n", Cancel);
        CollectingLogger log = new();
        RegistryOptions options = Known("me", "pass-w0rd") with { HostsDirectories = [directory.Path] };
        using RegistryClient client = new(options, log);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => client.ResolveAsync(Name(server), Cancel));
        string told = $"{error}\n{log.Text}\n{options}\n{string.Join('\n', await ExplainAsync(Name(server), options))}";

        Assert.Contains("401", log.Text, StringComparison.Ordinal);
        Assert.NotEmpty(storage.Requests);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, told, StringComparison.Ordinal));
    }

    private static readonly RegistryOptions Quick = new() { MaxAttempts = 2, RetryDelay = TimeSpan.FromMilliseconds(1) };

    private static RegistryOptions Known(string user, string password) => Quick with
    {
        Credentials = new FixedCredential(new RegistryCredential(user, password)),
    };

    private static async Task<IEnumerable<string>> ExplainAsync(Reference name, RegistryOptions options) =>
        (await RegistryClient.ExplainAsync(name, options, Cancel)).SelectMany(host =>
            host.Exchanges.Append(host.Error).Concat(host.Config.Settings.Select(s => s.ToString())));

    private static Reference Name(ScriptedServer server) => Reference.Parse($"{server.Host}/team/app:v1");

    private static ScriptedAnswer Json(string json) => new(200) { Body = Encoding.UTF8.GetBytes(json) };

    private static ScriptedAnswer Registry(
        ScriptedRequest request,
        string tokenHost,
        string? header,
        string scope = "repository:team/app:pull") =>
        header is null || request.Headers.GetValueOrDefault("Authorization") == header
            ? new ScriptedAnswer(200)
            {
                Body = Manifest,
                Headers =
                [
                    ("Content-Type", MediaTypes.OciIndex), ("Docker-Content-Digest", Digest.OfBytes(Manifest).ToString()),
                ],
            }
            : new ScriptedAnswer(401)
            {
                Headers =
                [
                    ("WWW-Authenticate",
                        $"Bearer realm=\"http://{tokenHost}/token\",service=\"reg\",scope=\"{scope}\""),
                ],
            };

    private sealed class Recorder(List<CredentialRequest> asked) : ICredentialSource
    {
        public ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
        {
            asked.Add(request);
            return ValueTask.FromResult<RegistryCredential?>(null);
        }
    }
}
