using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Auth;

/// <summary>
/// Asks token servers for bearer tokens (distribution: token authentication, and OAuth 2 with a password or refresh
/// token).
/// </summary>
internal sealed class TokenClient(RegistryHttp http, RegistryOptions options, ILogger logger)
{
    private const int MaxBodyBytes = 1024 * 1024;
    private const string ClientId = "gantry";

    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    /// <summary>Fetches a token.</summary>
    /// <param name="realm">The token server.</param>
    /// <param name="service">The name by which it knows the registry; may be empty.</param>
    /// <param name="scopes">What the token is to allow.</param>
    /// <param name="credential">Who we are; null for nobody.</param>
    /// <param name="refreshToken">What the token server gave us last to ask with; empty for nothing.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Its status says otherwise, or what it answers is no token.</exception>
    public async Task<Token> FetchAsync(
        Uri realm,
        string service,
        IReadOnlyList<string> scopes,
        RegistryCredential? credential,
        string refreshToken,
        CancellationToken cancellationToken)
    {
        string what = credential is null ? "failed to fetch anonymous token" : "failed to fetch oauth token";
        try
        {
            Token token = credential is null
                ? await GetAsync(realm, service, scopes, null, cancellationToken)
                : await RefreshAsync(realm, service, scopes, credential, refreshToken, cancellationToken)
                    ?? await PostOrGetAsync(realm, service, scopes, credential, cancellationToken);
            logger.TokenFetched(string.Join(' ', scopes), RegistryHttp.Shown(realm));
            return token;
        }
        catch (GantryException e)
        {
            throw new GantryException(e.Kind, $"failed to authorize: {what}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"failed to authorize: {what}: {RegistryHttp.Reason(e)}", e);
        }
    }

    // Servers that do not know the OAuth 2 way answer with one of these.
    private static bool MayKnowOnlyGet(HttpStatusCode status) => status
        is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound
        or HttpStatusCode.MethodNotAllowed;

    // Null when there is nothing to refresh with, or it is not taken any more: the credential itself is good for another.
    private async Task<Token?> RefreshAsync(
        Uri realm,
        string service,
        IReadOnlyList<string> scopes,
        RegistryCredential credential,
        string refreshToken,
        CancellationToken cancellationToken)
    {
        if (refreshToken.Length == 0)
        {
            return null;
        }

        using HttpResponseMessage response = await PostAsync(
            realm, service, scopes, credential with { IdentityToken = refreshToken }, cancellationToken);
        return response.IsSuccessStatusCode ? await ReadAsync(response, cancellationToken) : null;
    }

    private async Task<Token> PostOrGetAsync(
        Uri realm,
        string service,
        IReadOnlyList<string> scopes,
        RegistryCredential credential,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await PostAsync(realm, service, scopes, credential, cancellationToken);
        return MayKnowOnlyGet(response.StatusCode) && credential.IdentityToken.Length == 0
            ? await GetAsync(realm, service, scopes, credential, cancellationToken)
            : await ReadAsync(response, cancellationToken);
    }

    private Task<HttpResponseMessage> PostAsync(
        Uri realm,
        string service,
        IReadOnlyList<string> scopes,
        RegistryCredential credential,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string> form = new(StringComparer.Ordinal)
        {
            ["client_id"] = ClientId,
            ["service"] = service,
            ["scope"] = string.Join(' ', scopes),
        };
        if (credential.IdentityToken.Length > 0)
        {
            form["grant_type"] = "refresh_token";
            form["refresh_token"] = credential.IdentityToken;
        }
        else
        {
            form["grant_type"] = "password";
            form["username"] = credential.Username;
            form["password"] = credential.Password;
        }

        return http.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) },
            cancellationToken);
    }

    private async Task<Token> GetAsync(
        Uri realm,
        string service,
        IReadOnlyList<string> scopes,
        RegistryCredential? credential,
        CancellationToken cancellationToken)
    {
        StringBuilder query = new(realm.Query.TrimStart('?'));
        void Add(string name, string value) =>
            query.Append(query.Length == 0 ? "" : "&").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        if (service.Length > 0)
        {
            Add("service", service);
        }

        foreach (string scope in scopes)
        {
            Add("scope", scope);
        }

        Uri uri = new UriBuilder(realm) { Query = query.ToString() }.Uri;
        using HttpResponseMessage response = await http.SendAsync(
            () =>
            {
                HttpRequestMessage request = new(HttpMethod.Get, uri);
                request.Headers.Authorization = credential is null ? null : BasicHeader(credential);
                return request;
            },
            cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <summary>The header of basic authentication (RFC 7617).</summary>
    public static AuthenticationHeaderValue BasicHeader(RegistryCredential credential) => new(
        "Basic",
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}")));

    private async Task<Token> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await StatusError.ReadAsync(response, options, cancellationToken);
        }

        string url = RegistryHttp.Shown(response.RequestMessage!.RequestUri!);
        byte[] body = await BoundedBody.ReadAllAsync(response, MaxBodyBytes, options, cancellationToken);
        TokenResponse? json;
        try
        {
            json = JsonSerializer.Deserialize(body, TokenJsonContext.Default.TokenResponse);
        }
        catch (JsonException e)
        {
            throw new GantryException(ErrorKind.Unauthenticated, $"{url}: the answer is no JSON", e);
        }

        string? value = string.IsNullOrEmpty(json?.Token) ? json?.AccessToken : json.Token;
        if (string.IsNullOrEmpty(value) || value.Any(c => c <= ' ' || c >= 127))
        {
            throw new GantryException(ErrorKind.Unauthenticated, $"{url}: authorization server did not include a token in the response");
        }

        TimeSpan lifetime = json?.ExpiresIn is > 0 and { } seconds
            ? TimeSpan.FromSeconds(Math.Min(seconds, MaxLifetime.TotalSeconds))
            : DefaultLifetime;
        // A tenth early, so that a token does not run out on its way.
        return new Token(value, options.Time.GetUtcNow() + (lifetime * 0.9), json?.RefreshToken ?? "");
    }
}
