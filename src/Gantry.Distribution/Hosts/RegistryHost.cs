using System.Net;
using System.Net.Http.Headers;
using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Distribution.Http;

namespace Gantry.Distribution.Hosts;

/// <summary>
/// One registry: makes requests to it, answers its challenges, and follows its redirects. Credentials go to the
/// registry itself and to nobody that it redirects to.
/// </summary>
internal sealed class RegistryHost(Uri endpoint, Authorizer authorizer, RegistryHttp http, RegistryOptions options)
    : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxChallenges = 3;

    /// <summary>Makes a request; the answer has any status but a redirect.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Unavailable: no answer; Unauthenticated: no way in; others.</exception>
    public async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        Uri first = new(endpoint, request.Path);
        Uri uri = first;
        int redirects = 0;
        int challenges = 0;
        while (true)
        {
            Uri target = uri;
            AuthenticationHeaderValue? authorization = IsOurs(target) ? authorizer.Header(request.Scope) : null;
            HttpResponseMessage response = await http.SendAsync(
                token => MakeRequestAsync(request, target, authorization, token), request.Once, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized && IsOurs(target) && challenges++ < MaxChallenges
                && await AnswerAsync(response, request.Scope, authorization, cancellationToken))
            {
                response.Dispose();
                uri = first;
                redirects = 0;
                continue;
            }

            if (!IsRedirect(response.StatusCode))
            {
                return response;
            }

            using (response)
            {
                uri = Next(target, response, ++redirects);
            }
        }
    }

    public void Dispose() => authorizer.Dispose();

    private static async Task<HttpRequestMessage> MakeRequestAsync(
        RegistryRequest request,
        Uri uri,
        AuthenticationHeaderValue? authorization,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage message = new(request.Method, uri)
        {
            Content = request.Body is null ? null : await request.Body(cancellationToken),
        };
        message.Headers.Authorization = authorization;
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

    private static bool IsRedirect(HttpStatusCode status) => status
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private bool IsOurs(Uri uri) =>
        uri.Scheme == endpoint.Scheme
        && uri.Port == endpoint.Port
        && string.Equals(uri.IdnHost, endpoint.IdnHost, StringComparison.OrdinalIgnoreCase);

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

        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttp && !options.PlainHttp)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"{RegistryHttp.Shown(from)}: redirect from https to plain http at {to.Authority}");
        }

        return to;
    }

    private async Task<bool> AnswerAsync(
        HttpResponseMessage response,
        string scope,
        AuthenticationHeaderValue? rejected,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Challenge> challenges = response.Headers.TryGetValues("WWW-Authenticate", out IEnumerable<string>? values)
            ? Challenge.Parse(values)
            : [];
        try
        {
            return await authorizer.AnswerAsync(challenges, scope, rejected, cancellationToken);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
