using System.Net;
using System.Net.Http.Headers;
using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Http;
using Gantry.Distribution.Push;
using Gantry.Oci.Image;

namespace Gantry.Distribution;

/// <content>Writes images to registries (distribution-spec, Push).</content>
public sealed partial class RegistryClient
{
    /// <summary>
    /// Brings a blob into a repository. It is sent only when it is not there, and when the registry does not take it over
    /// from another repository. After a broken connection it goes on where the registry says, within limits.
    /// </summary>
    /// <param name="repository">The repository; tag and digest do not matter.</param>
    /// <param name="descriptor">The blob.</param>
    /// <param name="open">Opens the blob for reading from an offset on; called again after a broken connection.</param>
    /// <param name="mountFrom">Paths of repositories of the same registry that may have it, the likeliest first.</param>
    /// <param name="sent">Is told of each piece how many bytes were sent; null for nobody.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// Unauthenticated and PermissionDenied; Unavailable: no answer, or an error of the registry's; FailedPrecondition:
    /// the registry has got something else than was sent.
    /// </exception>
    public async Task<BlobPush> PushBlobAsync(
        Reference repository,
        Descriptor descriptor,
        Func<long, CancellationToken, Task<Stream>> open,
        IReadOnlyList<string> mountFrom,
        Action<long>? sent,
        CancellationToken cancellationToken)
    {
        try
        {
            RegistryHost host = (await HostsAsync(repository, HostCapabilities.Push, cancellationToken))[0];
            string scope = PushScope(repository);
            using (HttpResponseMessage head = await host.SendAsync(
                new RegistryRequest(HttpMethod.Head, $"/v2/{repository.Path}/blobs/{descriptor.Digest}", scope),
                cancellationToken))
            {
                if (head.IsSuccessStatusCode)
                {
                    return BlobPush.Existed;
                }

                if (head.StatusCode != HttpStatusCode.NotFound)
                {
                    throw await StatusError.ReadAsync(head, _options, cancellationToken);
                }
            }

            List<string> others = [.. mountFrom.Where(path => path != repository.Path)];
            BlobUpload upload = new(
                host.SendAsync,
                repository.Path,
                others.Count > 0 ? $"{scope} repository:{others[0]}:pull" : scope,
                descriptor,
                open,
                sent,
                _options,
                _logger);
            return await upload.RunAsync(others, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"push of {descriptor.Digest}: {RegistryHttp.Reason(e)}", e);
        }
    }

    /// <summary>
    /// Puts a manifest or index into a repository, under the tag of the reference if it has one, else under its digest. All
    /// that it refers to must be there. If it has a subject that the registry does not look at, it is entered into the
    /// subject's list of referrers by tag.
    /// </summary>
    /// <param name="reference">The repository, and the tag.</param>
    /// <param name="descriptor">What <paramref name="data"/> is.</param>
    /// <param name="data">The manifest or index, byte for byte.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>False when it was there already.</returns>
    /// <exception cref="GantryException">As for <see cref="PushBlobAsync"/>.</exception>
    public async Task<bool> PushManifestAsync(
        Reference reference,
        Descriptor descriptor,
        byte[] data,
        CancellationToken cancellationToken)
    {
        try
        {
            Check(data, descriptor);
            RegistryHost host = (await HostsAsync(reference, HostCapabilities.Push, cancellationToken))[0];
            string name = reference.Tag.Length > 0 ? reference.Tag : descriptor.Digest.ToString();
            string path = $"/v2/{reference.Path}/manifests/{name}";
            if (await HasManifestAsync(host, reference, path, descriptor, cancellationToken))
            {
                // An attempt that was interrupted may have left it out of the list.
                if (ReferrersTag.SubjectOf(data, descriptor) is var (known, listed)
                    && await ReadReferrersAsync(host, reference, known, artifactType: null, cancellationToken) is null)
                {
                    await AddReferrerAsync(host, reference, known, listed, cancellationToken);
                }

                return false;
            }

            using HttpResponseMessage response = await PutManifestAsync(
                host, reference, path, descriptor.MediaType, data, cancellationToken);
            Digest said = DigestHeader.In(response);
            if (!said.IsEmpty && said != descriptor.Digest)
            {
                throw new GantryException(
                    ErrorKind.FailedPrecondition, $"sent {descriptor.Digest}, the registry says {said}");
            }

            if (!response.Headers.Contains("OCI-Subject")
                && ReferrersTag.SubjectOf(data, descriptor) is var (subject, entry))
            {
                await AddReferrerAsync(host, reference, subject, entry, cancellationToken);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"push of {descriptor.Digest}: {RegistryHttp.Reason(e)}", e);
        }
    }

    private static string PushScope(Reference reference) => $"repository:{reference.Path}:pull,push";

    private static async Task<bool> HasManifestAsync(
        RegistryHost host,
        Reference reference,
        string path,
        Descriptor descriptor,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage head = await host.SendAsync(
            new RegistryRequest(HttpMethod.Head, path, PushScope(reference)) { Accept = [descriptor.MediaType, "*/*"] },
            cancellationToken);
        return head.IsSuccessStatusCode && DigestHeader.In(head) == descriptor.Digest;
    }

    private async Task<HttpResponseMessage> PutManifestAsync(
        RegistryHost host,
        Reference reference,
        string path,
        string mediaType,
        byte[] data,
        CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await host.SendAsync(
            new RegistryRequest(HttpMethod.Put, path, PushScope(reference))
            {
                Body = _ =>
                {
                    ByteArrayContent content = new(data);
                    content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
                    return Task.FromResult<HttpContent>(content);
                },
            },
            cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await StatusError.ReadAsync(response, _options, cancellationToken);
        }
    }

    // The registry does not know subjects: its clients keep the list under a tag of the subject's digest.
    private async Task AddReferrerAsync(
        RegistryHost host,
        Reference repository,
        Digest subject,
        Descriptor entry,
        CancellationToken cancellationToken)
    {
        string path = $"/v2/{repository.Path}/manifests/{ReferrersTag.Of(subject)}";
        IReadOnlyList<Descriptor> known = await ReadReferrersTagAsync(host, repository, subject, cancellationToken);
        if (known.Any(other => other.Digest == entry.Digest))
        {
            return;
        }

        using HttpResponseMessage response = await PutManifestAsync(
            host,
            repository,
            path,
            MediaTypes.OciIndex,
            ReferrersTag.MakeIndex([.. known, entry]),
            cancellationToken);
    }
}
