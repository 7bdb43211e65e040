using System.Net.Http.Headers;
using Gantry.Core.Errors;

namespace Gantry.Distribution.Auth;

/// <summary>
/// Says who we are at one registry. It learns from the registry's challenges how it wants to be told, and keeps the
/// tokens that it was given for each scope until they run out.
/// </summary>
/// <param name="host">The host of references to the registry.</param>
/// <param name="endpoint">Where it is.</param>
/// <param name="options">Who we are, and the clock.</param>
/// <param name="tokens">Asks token servers.</param>
internal sealed class Authorizer(string host, Uri endpoint, RegistryOptions options, TokenClient tokens) : IDisposable
{
    private const int MaxTokens = 256;

    // Guards the two fields below it.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Token> _tokens = new(StringComparer.Ordinal);
    private AuthenticationHeaderValue? _basic;

    private readonly SemaphoreSlim _answering = new(1);

    /// <summary>The header to send unasked; null when none is known.</summary>
    /// <param name="scope">What is to be done.</param>
    public AuthenticationHeaderValue? Header(string scope)
    {
        lock (_gate)
        {
            if (_basic is not null)
            {
                return _basic;
            }

            return _tokens.TryGetValue(scope, out Token? token) && token.ExpiresAt > options.Time.GetUtcNow()
                ? new AuthenticationHeaderValue("Bearer", token.Value)
                : null;
        }
    }

    /// <summary>Answers a challenge, so that <see cref="Header"/> knows better.</summary>
    /// <param name="challenges">What the registry asks for.</param>
    /// <param name="scope">What is to be done.</param>
    /// <param name="rejected">The header that the registry did not take; null when there was none.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>False when there is nothing else to try.</returns>
    /// <exception cref="GantryException">Unauthenticated and others: there is no token to be had.</exception>
    public async Task<bool> AnswerAsync(
        IReadOnlyList<Challenge> challenges,
        string scope,
        AuthenticationHeaderValue? rejected,
        CancellationToken cancellationToken)
    {
        await _answering.WaitAsync(cancellationToken);
        try
        {
            if (Header(scope) is { } other && !other.Equals(rejected))
            {
                return true;
            }

            RegistryCredential? credential = options.Credentials is null
                ? null
                : await options.Credentials.GetAsync(host, cancellationToken);
            if (challenges.FirstOrDefault(c => c.Scheme == "bearer") is { } bearer)
            {
                Token token = await GetTokenAsync(bearer, scope, credential, cancellationToken);
                Keep(scope, token);
                return token.Value != rejected?.Parameter;
            }

            if (challenges.Any(c => c.Scheme == "basic"))
            {
                return AnswerBasic(credential, rejected);
            }

            return false;
        }
        finally
        {
            _answering.Release();
        }
    }

    public void Dispose() => _answering.Dispose();

    private bool AnswerBasic(RegistryCredential? credential, AuthenticationHeaderValue? rejected)
    {
        if (credential is null or { Username: "" })
        {
            throw new GantryException(
                ErrorKind.Unauthenticated, $"failed to authorize: no basic auth credentials for {host}");
        }

        AuthenticationHeaderValue header = TokenClient.BasicHeader(credential);
        if (header.Equals(rejected))
        {
            return false;
        }

        lock (_gate)
        {
            _basic = header;
        }

        return true;
    }

    private async Task<Token> GetTokenAsync(
        Challenge challenge,
        string scope,
        RegistryCredential? credential,
        CancellationToken cancellationToken)
    {
        if (credential is { RegistryToken.Length: > 0 })
        {
            return new Token(credential.RegistryToken, DateTimeOffset.MaxValue);
        }

        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out Uri? realm)
            || (realm.Scheme != Uri.UriSchemeHttps && realm.Scheme != Uri.UriSchemeHttp))
        {
            throw new GantryException(
                ErrorKind.Unauthenticated, $"failed to authorize: invalid realm \"{challenge["realm"]}\" of {host}");
        }

        bool hasSecret = credential is { Username.Length: > 0 } or { IdentityToken.Length: > 0 };
        if (hasSecret && realm.Scheme == Uri.UriSchemeHttp && endpoint.Scheme == Uri.UriSchemeHttps)
        {
            throw new GantryException(
                ErrorKind.Unauthenticated,
                $"failed to authorize: {host} wants credentials to be sent in plain http to {realm.Authority}");
        }

        string[] scopes = [.. $"{challenge["scope"]} {scope}".Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return await tokens.FetchAsync(
            realm, challenge["service"], scopes, hasSecret ? credential : null, cancellationToken);
    }

    private void Keep(string scope, Token token)
    {
        lock (_gate)
        {
            if (_tokens.Count >= MaxTokens)
            {
                _tokens.Clear();
            }

            _tokens[scope] = token;
        }
    }
}
