using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Http;
using Gantry.Oci.Image;

namespace Gantry.Distribution;

/// <content>Blobs that a registry does not have, and whose descriptor says where else they are (Docker's foreign layers).</content>
public sealed partial class RegistryClient
{
    private const int MaxUrls = 8;

    private async Task<HttpResponseMessage> OpenAtAsync(
        RegistryHost host,
        RegistryRequest request,
        CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await host.SendAsync(request, cancellationToken);
        try
        {
            await ThrowUnlessFoundAsync(response, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Asks one URL after another; when none serves, the failure of the registry counts.</summary>
    private async Task<HttpResponseMessage> OpenElsewhereAsync(
        Descriptor descriptor,
        RegistryRequest request,
        GantryException missing,
        CancellationToken cancellationToken)
    {
        string reasons = "";
        foreach (string text in descriptor.Urls.Take(MaxUrls))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
                || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && _options.PlainHttp)))
            {
                reasons += $"; {text}: neither https nor allowed plain http";
                continue;
            }

            try
            {
                RegistryHost host = await _hosts.GetElsewhereAsync(url, cancellationToken);
                return await OpenAtAsync(host, request with { Path = url.AbsoluteUri }, cancellationToken);
            }
            catch (Exception e) when (e is GantryException or IOException or HttpRequestException or TimeoutException)
            {
                reasons += "; " + (e is GantryException ? e.Message : RegistryHttp.Reason(e));
            }
        }

        throw new GantryException(missing.Kind, missing.Message + reasons, missing);
    }
}
