using System.Net.Http.Headers;
using Gantry.Core.Errors;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Auth;

/// <summary>
/// Says who we are at one host. It learns from the host's challenges how it wants to be told, and keeps the tokens that
/// it was given for each scope; one that runs out is renewed before it is sent again.
/// </summary>
/// <param name="host">The host, as credentials name it.</param>
/// <param name="endpoint">Where it is.</param>
/// <param name="options">Who we are, and the clock.</param>
/// <param name="tokens">Asks token servers.</param>
/// <param name="logger">Where it is told which credential was taken.</param>
internal sealed class Authorizer(
    string host,
    Uri endpoint,
    RegistryOptions options,
    TokenClient tokens,
    ILogger logger) : IDisposable
{
    private const int MaxTokens = 256;

    // Guards the two fields below it.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Grant> _grants = new(StringComparer.Ordinal);
    private AuthenticationHeaderValue? _fixed;

    private readonly SemaphoreSlim _answering = new(1);

    /// <summary>The header to send unasked; null when none is known.</summary>
    /// <param name="scope">What is to be done.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">The token for it has run out, and there is no other to be had.</exception>
    public async ValueTask<AuthenticationHeaderValue?> HeaderAsync(string scope, CancellationToken cancellationToken)
    {
        AuthenticationHeaderValue? known = Known(scope, out Grant? expired);
        if (known is not null || expired is null)
        {
            return known;
        }

        await _answering.WaitAsync(cancellationToken);
        try
        {
            return Known(scope, out expired)
                ?? (expired is null ? null : await GrantAsync(expired.Challenge, scope, expired, cancellationToken));
        }
        finally
        {
            _answering.Release();
        }
    }

    /// <summary>Answers a challenge, so that <see cref="HeaderAsync"/> knows better.</summary>
    /// <param name="headers">What the registry asks for.</param>
    /// <param name="scope">What is to be done.</param>
    /// <param name="rejected">The header that the registry did not take; null when there was none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>False when there is nothing else to try.</returns>
    /// <exception cref="GantryException">Unauthenticated and others: there is no token to be had.</exception>
    public async Task<bool> AnswerAsync(
        IReadOnlyList<string> headers,
        string scope,
        AuthenticationHeaderValue? rejected,
        CancellationToken cancellationToken)
    {
        await _answering.WaitAsync(cancellationToken);
        try
        {
            if (Known(scope, out _) is { } other && !other.Equals(rejected))
            {
                return true;
            }

            RegistryCredential? credential = options.Credentials is null
                ? null
                : await options.Credentials.GetAsync(
                    new CredentialRequest(host, scope, headers), cancellationToken);
            credential = credential is null or { IsEmpty: true } ? null : credential;
            logger.CredentialFound(host, credential?.ToString() ?? "no credential");
            return await AnswerAsync(Challenge.Parse(headers), credential, scope, rejected, cancellationToken);
        }
        finally
        {
            _answering.Release();
        }
    }

    public void Dispose() => _answering.Dispose();

    private async Task<bool> AnswerAsync(
        IReadOnlyList<Challenge> challenges,
        RegistryCredential? credential,
        string scope,
        AuthenticationHeaderValue? rejected,
        CancellationToken cancellationToken)
    {
        if (credential is { Header.Length: > 0 } or { RegistryToken.Length: > 0 })
        {
            return Fix(ReadyMade(credential), rejected);
        }

        if (challenges.FirstOrDefault(c => c.Scheme == "bearer") is { } bearer)
        {
            Known(scope, out Grant? before);
            AuthenticationHeaderValue header =
                await GrantAsync(bearer, scope, new Grant(bearer, credential, before?.Token), cancellationToken);
            return !header.Equals(rejected);
        }

        if (challenges.Any(c => c.Scheme == "basic"))
        {
            return credential is { Username.Length: > 0 }
                ? Fix(TokenClient.BasicHeader(credential), rejected)
                : throw new GantryException(
                    ErrorKind.Unauthenticated, $"failed to authorize: no basic auth credentials for {host}");
        }

        return false;
    }

    private AuthenticationHeaderValue? Known(string scope, out Grant? expired)
    {
        lock (_gate)
        {
            expired = null;
            if (_fixed is not null)
            {
                return _fixed;
            }

            if (!_grants.TryGetValue(scope, out Grant? grant))
            {
                return null;
            }

            if (grant.Token is { } token && token.ExpiresAt > options.Time.GetUtcNow())
            {
                return new AuthenticationHeaderValue("Bearer", token.Value);
            }

            expired = grant;
            return null;
        }
    }

    private AuthenticationHeaderValue ReadyMade(RegistryCredential credential)
    {
        if (credential.Header.Length == 0)
        {
            return new AuthenticationHeaderValue("Bearer", credential.RegistryToken);
        }

        return AuthenticationHeaderValue.TryParse(credential.Header, out AuthenticationHeaderValue? header)
            ? header
            : throw new GantryException(
                ErrorKind.InvalidArgument, $"failed to authorize: the header for {host} is no authorization");
    }

    private bool Fix(AuthenticationHeaderValue header, AuthenticationHeaderValue? rejected)
    {
        if (header.Equals(rejected))
        {
            return false;
        }

        RefusePlain(endpoint);
        lock (_gate)
        {
            _fixed = header;
        }

        return true;
    }

    private async Task<AuthenticationHeaderValue> GrantAsync(
        Challenge challenge,
        string scope,
        Grant before,
        CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out Uri? realm)
            || (realm.Scheme != Uri.UriSchemeHttps && realm.Scheme != Uri.UriSchemeHttp))
        {
            throw new GantryException(
                ErrorKind.Unauthenticated, $"failed to authorize: invalid realm \"{challenge["realm"]}\" of {host}");
        }

        RegistryCredential? credential = before.Credential;
        if (credential is not null)
        {
            RefusePlain(realm);
        }

        string[] scopes = [.. $"{challenge["scope"]} {scope}".Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Token token = await tokens.FetchAsync(
            realm, challenge["service"], scopes, credential, before.Token?.RefreshToken ?? "", cancellationToken);
        lock (_gate)
        {
            if (_grants.Count >= MaxTokens)
            {
                _grants.Clear();
            }

            _grants[scope] = new Grant(challenge, credential, token);
        }

        return new AuthenticationHeaderValue("Bearer", token.Value);
    }

    // A secret goes over plain http to this machine itself, or because the user has asked for plain http.
    private void RefusePlain(Uri target)
    {
        bool asked = options.PlainHttp && endpoint.Scheme == Uri.UriSchemeHttp;
        if (target.Scheme == Uri.UriSchemeHttp && !asked && !(Loopback.Is(target) && Loopback.Is(endpoint)))
        {
            throw new GantryException(
                ErrorKind.Unauthenticated,
                $"failed to authorize: {host} wants credentials to be sent in plain http to {target.Authority}");
        }
    }

    /// <summary>What it takes to have a token, and the token.</summary>
    private sealed record Grant(Challenge Challenge, RegistryCredential? Credential, Token? Token)
    {
        public override string ToString() => "grant";
    }
}
