using System.Net;
using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Http;
using Gantry.Distribution.Push;
using Gantry.Oci.Image;

namespace Gantry.Distribution;

/// <content>Lists what refers to a manifest (distribution-spec, Listing Referrers).</content>
public sealed partial class RegistryClient
{
    private const int MaxReferrerPages = 100;

    /// <summary>
    /// The manifests whose subject is another: signatures, bills of material. A registry that has no such list is asked for
    /// the tag under which clients keep it.
    /// </summary>
    /// <param name="repository">The repository; tag and digest do not matter.</param>
    /// <param name="subject">The manifest.</param>
    /// <param name="artifactType">Only those of this type; null for all.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Their descriptors; empty when there are none.</returns>
    /// <exception cref="GantryException">As for <see cref="ResolveAsync"/>.</exception>
    public async Task<IReadOnlyList<Descriptor>> ReferrersAsync(
        Reference repository,
        Digest subject,
        string? artifactType,
        CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<Descriptor> all = await OnFirstAsync<IReadOnlyList<Descriptor>>(
                repository,
                HostCapabilities.Referrers,
                async host => await ReadReferrersAsync(host, repository, subject, artifactType, cancellationToken)
                    ?? await ReadReferrersTagAsync(host, repository, subject, cancellationToken),
                cancellationToken);

            // A registry need not filter.
            return [.. all.Where(entry => artifactType is null || entry.ArtifactType == artifactType)];
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"referrers of {subject}: {RegistryHttp.Reason(e)}", e);
        }
    }

    private static ImageIndex ParseReferrers(byte[] data, Digest subject)
    {
        try
        {
            return OciJson.ParseIndex(data);
        }
        catch (FormatException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"referrers of {subject}: {e.Message}", e);
        }
    }

    // <https://…>; rel="next"
    private static string? NextPage(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? values))
        {
            return null;
        }

        string? link = values.SelectMany(value => value.Split(','))
            .FirstOrDefault(value => value.Contains("rel=\"next\"", StringComparison.Ordinal)
                || value.Contains("rel=next", StringComparison.Ordinal));
        int start = link?.IndexOf('<', StringComparison.Ordinal) ?? -1;
        int end = link?.IndexOf('>', StringComparison.Ordinal) ?? -1;
        return start >= 0 && end > start && Uri.TryCreate(link![(start + 1)..end], UriKind.RelativeOrAbsolute, out Uri? next)
            ? new Uri(response.RequestMessage!.RequestUri!, next).ToString()
            : null;
    }

    // Null when the registry has no such list.
    private async Task<List<Descriptor>?> ReadReferrersAsync(
        RegistryHost host,
        Reference repository,
        Digest subject,
        string? artifactType,
        CancellationToken cancellationToken)
    {
        string filter = artifactType is null ? "" : "?artifactType=" + Uri.EscapeDataString(artifactType);
        string? path = $"/v2/{repository.Path}/referrers/{subject}{filter}";
        List<Descriptor> all = [];
        for (int page = 0; path is not null; page++)
        {
            if (page == MaxReferrerPages)
            {
                throw new GantryException(
                    ErrorKind.ResourceExhausted, $"referrers of {subject}: more than {MaxReferrerPages} pages");
            }

            using HttpResponseMessage response = await host.SendAsync(
                new RegistryRequest(HttpMethod.Get, path, PullScope(repository)) { Accept = [MediaTypes.OciIndex] },
                cancellationToken);
            bool isList = response.IsSuccessStatusCode && MediaTypeOf(response) == MediaTypes.OciIndex;
            bool unknown = response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable
                || response.IsSuccessStatusCode;
            if (!isList && unknown)
            {
                return null;
            }

            if (!isList)
            {
                throw await StatusError.ReadAsync(response, _options, cancellationToken);
            }

            byte[] data = await BoundedBody.ReadAllAsync(response, OciJson.MaxManifestBytes, _options, cancellationToken);
            all.AddRange(ParseReferrers(data, subject).Manifests);
            path = NextPage(response);
        }

        return all;
    }

    private async Task<IReadOnlyList<Descriptor>> ReadReferrersTagAsync(
        RegistryHost host,
        Reference repository,
        Digest subject,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await host.SendAsync(
            new RegistryRequest(
                HttpMethod.Get, $"/v2/{repository.Path}/manifests/{ReferrersTag.Of(subject)}", PullScope(repository))
            {
                Accept = [MediaTypes.OciIndex],
            },
            cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await StatusError.ReadAsync(response, _options, cancellationToken);
        }

        byte[] data = await BoundedBody.ReadAllAsync(response, OciJson.MaxManifestBytes, _options, cancellationToken);
        return ParseReferrers(data, subject).Manifests;
    }
}
