using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gantry.Testing;

/// <summary>
/// A token server for a <see cref="RegistryServer"/>: it gives what is asked for to one user, and pulling to everybody
/// who says nothing of himself. Its tokens are signed as <c>docker-registry</c> demands.
/// </summary>
public sealed class TokenServer : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly ScriptedServer _server;

    /// <summary>Starts it.</summary>
    public TokenServer()
    {
        CertificateRequest request = new("CN=gantry test tokens", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
        _server = new ScriptedServer(Answer);
    }

    /// <summary>The user.</summary>
    public string Username { get; init; } = "me";

    /// <summary>The user's password.</summary>
    public string Password { get; init; } = "s3cret";

    /// <summary>A token that is as good as the password; empty for none.</summary>
    public string IdentityToken { get; init; } = "";

    /// <summary>Whether those who are nobody may pull.</summary>
    public bool Anonymous { get; init; } = true;

    /// <summary>Whether it knows the OAuth 2 way.</summary>
    public bool Post { get; init; } = true;

    /// <summary>How long its tokens last, in seconds.</summary>
    public int Lifetime { get; init; } = 300;

    /// <summary>Where tokens are asked for.</summary>
    public Uri Realm => new($"http://{_server.Host}/token");

    /// <summary>The PEM file with the certificate that signs.</summary>
    public string CertificateFile => _directory["tokens.pem"];

    /// <summary>What it was asked so far.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => _server.Requests;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        _key.Dispose();
        _directory.Dispose();
    }

    private static string Base64Url(byte[] bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static Dictionary<string, string[]> Fields(string text) => text
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .GroupBy(pair => pair[0], pair => WebUtility.UrlDecode(pair[^1]), StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);

    private ScriptedAnswer Answer(ScriptedRequest request)
    {
        bool post = request.Method == "POST";
        if (post && !Post)
        {
            return new ScriptedAnswer(405);
        }

        int mark = request.Path.IndexOf('?', StringComparison.Ordinal);
        Dictionary<string, string[]> fields = Fields(post ? request.Body : mark < 0 ? "" : request.Path[(mark + 1)..]);
        string First(string name) => fields.GetValueOrDefault(name, [""])[0];
        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username}:{Password}"));
        string? header = request.Headers.GetValueOrDefault("Authorization");
        bool known = (post && First("username") == Username && First("password") == Password)
            || (post && IdentityToken.Length > 0 && First("refresh_token") == IdentityToken)
            || (!post && header == basic);
        if (!known && (post || header is not null || !Anonymous))
        {
            return new ScriptedAnswer(401) { Body = """{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"""u8.ToArray() };
        }

        string[] scopes = [.. fields.GetValueOrDefault("scope", []).SelectMany(s => s.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        string token = Sign(First("service"), scopes, known);
        string name = post ? "access_token" : "token";
        return new ScriptedAnswer(200)
        {
            Body = Encoding.UTF8.GetBytes($$"""{"{{name}}":"{{token}}","expires_in":{{Lifetime}}}"""),
            Headers = [("Content-Type", "application/json")],
        };
    }

    private string Sign(string service, string[] scopes, bool known)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        IEnumerable<string> access = scopes.Select(scope => scope.Split(':')).Where(part => part.Length >= 3).Select(part =>
        {
            string actions = string.Join(',', part[^1].Split(',').Where(a => known || a == "pull").Select(a => $"\"{a}\""));
            return $$"""{"type":"{{part[0]}}","name":"{{string.Join(':', part[1..^1])}}","actions":[{{actions}}]}""";
        });
        string header = $$"""{"typ":"JWT","alg":"ES256","x5c":["{{Convert.ToBase64String(_certificate.RawData)}}"]}""";
        string claims = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"iss":"test-issuer","sub":"{{(known ? Username : "")}}","aud":"{{service}}","exp":{{now + Lifetime}},"nbf":{{now - 60}},"iat":{{now}},"jti":"{{Guid.NewGuid()}}","access":[{{string.Join(',', access)}}]}""");
        string signed = $"{Base64Url(Encoding.UTF8.GetBytes(header))}.{Base64Url(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Base64Url(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }
}
