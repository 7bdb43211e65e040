using System.Net;
using Gantry.Core.Errors;
using Gantry.Oci.Distribution;

namespace Gantry.Distribution.Http;

/// <summary>Makes an error of an answer that is none of those expected.</summary>
internal static class StatusError
{
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>The error for an answer, with what the registry says about it.</summary>
    public static async Task<GantryException> ReadAsync(
        HttpResponseMessage response,
        RegistryOptions options,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage request = response.RequestMessage!;
        string said = "";
        try
        {
            byte[] body = await BoundedBody.ReadStartAsync(response, MaxBodyBytes, options, cancellationToken);
            said = string.Join("; ", RegistryErrors.Parse(body));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            said = $"(its message could not be read: {RegistryHttp.Reason(e)})";
        }

        string status = $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        string text = $"unexpected status from {request.Method} request to {RegistryHttp.Shown(request.RequestUri!)}: "
            + status + (said.Length == 0 ? "" : $": {said}");
        return new GantryException(KindOf(response.StatusCode), text);
    }

    private static ErrorKind KindOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => ErrorKind.Unauthenticated,
        HttpStatusCode.Forbidden => ErrorKind.PermissionDenied,
        HttpStatusCode.NotFound => ErrorKind.NotFound,
        HttpStatusCode.RequestedRangeNotSatisfiable => ErrorKind.OutOfRange,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => ErrorKind.Unavailable,
        HttpStatusCode.NotImplemented => ErrorKind.NotImplemented,
        >= HttpStatusCode.InternalServerError => ErrorKind.Unavailable,
        _ => ErrorKind.Unknown,
    };
}
