using System.Net;
using System.Net.Http.Headers;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Hosts;

/// <summary>
/// One host: makes requests to it, answers its challenges, and follows its redirects. Credentials and headers of its own
/// go to the host itself and to nobody that it redirects to.
/// </summary>
internal sealed class RegistryHost : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxChallenges = 3;
    private const string Api = "/v2/";

    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(30);

    private readonly RegistryHttp _http;
    private readonly RegistryOptions _options;
    private readonly Authorizer _authorizer;
    private readonly Warnings _warnings;
    private long _restsUntil;

    /// <param name="endpoint">Where its API is, up to the names of repositories: <c>https://host/v2/</c>.</param>
    /// <param name="config">What is said of it.</param>
    /// <param name="mirrored">The host of references that it is a mirror of; null when it is that host itself.</param>
    /// <param name="name">The host by which credentials for it are known.</param>
    /// <param name="http">Makes requests to it.</param>
    /// <param name="options">Limits.</param>
    /// <param name="logger">Where it is told what goes on.</param>
    public RegistryHost(
        Uri endpoint,
        HostConfig config,
        string? mirrored,
        string name,
        RegistryHttp http,
        RegistryOptions options,
        ILogger logger)
    {
        Endpoint = endpoint;
        Config = config;
        Mirrored = mirrored;
        _http = http;
        _options = options;
        _warnings = new Warnings(options.Warned);
        _authorizer = new Authorizer(name, endpoint, options, new TokenClient(http, options, logger), logger);
    }

    public Uri Endpoint { get; }

    public HostConfig Config { get; }

    public string? Mirrored { get; }

    /// <summary>Whether it could not be reached a moment ago, so that it is better not asked now.</summary>
    public bool Rests => _options.Time.GetUtcNow().UtcTicks < Volatile.Read(ref _restsUntil);

    /// <summary>Tells that it could not be reached.</summary>
    public void Rest() => Volatile.Write(ref _restsUntil, (_options.Time.GetUtcNow() + RestTime).UtcTicks);

    /// <summary>Makes a request; the answer has any status but a redirect.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Unavailable: no answer; Unauthenticated: no way in; others.</exception>
    public async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        Uri first = Target(request);
        Uri uri = first;
        int redirects = 0;
        int challenges = 0;
        while (true)
        {
            Uri target = uri;
            bool ours = IsOurs(target);
            AuthenticationHeaderValue? authorization =
                ours ? await _authorizer.HeaderAsync(request.Scope, cancellationToken) : null;
            HttpResponseMessage response = await _http.SendAsync(
                token => MakeRequestAsync(request, target, authorization, ours, token), request.Once, cancellationToken);
            if (ours)
            {
                _warnings.Read(Endpoint, response);
            }

            if (response.StatusCode == HttpStatusCode.Unauthorized && ours && challenges++ < MaxChallenges
                && await AnswerAsync(response, request, authorization, cancellationToken))
            {
                response.Dispose();
                uri = first;
                redirects = 0;
                continue;
            }

            if (!IsRedirect(response))
            {
                return response;
            }

            using (response)
            {
                uri = Next(target, response, ++redirects);
            }
        }
    }

    public void Dispose()
    {
        _authorizer.Dispose();
        _http.Dispose();
    }

    private static bool IsRedirect(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    // A path of the specification is put where the host has its API; a URL is one that the host itself has given.
    private Uri Target(RegistryRequest request)
    {
        if (!request.Path.StartsWith(Api, StringComparison.Ordinal))
        {
            return new Uri(Endpoint, request.Path);
        }

        string mark = request.Path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
        string query = Mirrored is null ? "" : $"{mark}ns={Uri.EscapeDataString(Mirrored)}";
        return new Uri(Endpoint, request.Path[Api.Length..] + query);
    }

    private async Task<HttpRequestMessage> MakeRequestAsync(
        RegistryRequest request,
        Uri uri,
        AuthenticationHeaderValue? authorization,
        bool ours,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage message = new(request.Method, uri)
        {
            Content = request.Body is null ? null : await request.Body(cancellationToken),
        };
        foreach ((string name, string value) in ours ? Config.Headers : [])
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        if (authorization is not null)
        {
            message.Headers.Authorization = authorization;
        }

        foreach (string mediaType in request.Accept)
        {
            message.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(mediaType));
        }

        if (request.Offset > 0 || request.End is not null)
        {
            message.Headers.Range = new RangeHeaderValue(request.Offset, request.End);
        }

        return message;
    }

    private bool IsOurs(Uri uri) =>
        uri.Scheme == Endpoint.Scheme
        && uri.Port == Endpoint.Port
        && string.Equals(uri.IdnHost, Endpoint.IdnHost, StringComparison.OrdinalIgnoreCase);

    private Uri Next(Uri from, HttpResponseMessage response, int redirects)
    {
        if (redirects > MaxRedirects)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"{RegistryHttp.Shown(from)}: more than {MaxRedirects} redirects");
        }

        Uri? location = response.Headers.Location;
        Uri? to = location is null ? null : new Uri(from, location);
        if (to is null || (to.Scheme != Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttp))
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"{RegistryHttp.Shown(from)}: redirect to nowhere that can be followed");
        }

        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttp && !_options.PlainHttp)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"{RegistryHttp.Shown(from)}: redirect from https to plain http at {to.Authority}");
        }

        return to;
    }

    private async Task<bool> AnswerAsync(
        HttpResponseMessage response,
        RegistryRequest request,
        AuthenticationHeaderValue? rejected,
        CancellationToken cancellationToken)
    {
        string[] challenges = response.Headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? values)
            ? [.. values]
            : [];
        try
        {
            return await _authorizer.AnswerAsync(
                challenges, request.Scope, rejected, cancellationToken);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
