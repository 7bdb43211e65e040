using System.Net;
using Gantry.Core.Errors;
using Gantry.Distribution.Fetch;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Http;
using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Distribution;

/// <summary>
/// Reads images from registries (distribution-spec, Pull). One client serves any number of registries and callers; it
/// keeps connections and tokens.
/// </summary>
public sealed partial class RegistryClient : IDisposable
{
    private static readonly string[] ManifestTypes =
    [
        MediaTypes.DockerManifest, MediaTypes.DockerManifestList, MediaTypes.OciManifest, MediaTypes.OciIndex, "*/*",
    ];

    /// <summary>Pieces of large blobs that are fetched before they are read, for all blobs together.</summary>
    private const int MaxPiecesInMemory = 6;

    private readonly RegistryOptions _options;
    private readonly ILogger _logger;
    private readonly RegistryHosts _hosts;
    private readonly PieceBuffers _pieces = new(MaxPiecesInMemory, PiecewiseStream.PieceBytes);

    /// <summary>Makes a client; nothing is sent yet.</summary>
    /// <param name="options">How registries are reached.</param>
    /// <param name="logger">Where retries are told; null for nowhere.</param>
    /// <exception cref="GantryException">InvalidArgument: a CA file can't be used.</exception>
    public RegistryClient(RegistryOptions options, ILogger? logger = null)
    {
        _options = options;
        _logger = logger ?? NullLogger.Instance;
        _ = new TrustPolicy(options.CaFiles, options.SkipVerify);
        _hosts = new RegistryHosts(options, _logger);
    }

    /// <summary>Asks what a name stands for.</summary>
    /// <param name="reference">The name, with a tag or a digest.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The manifest or index.</returns>
    /// <exception cref="GantryException">
    /// NotFound; Unauthenticated and PermissionDenied; Unavailable: no answer, or an error of the registry's;
    /// InvalidArgument: what it stands for is no manifest; FailedPrecondition: the registry's digest is wrong.
    /// </exception>
    public async Task<Descriptor> ResolveAsync(Reference reference, CancellationToken cancellationToken)
    {
        try
        {
            return await OnFirstAsync(
                reference,
                Needed(reference),
                host => ResolveAtAsync(host, reference, cancellationToken),
                cancellationToken);
        }
        catch (GantryException e)
        {
            string denied = e.Kind is ErrorKind.Unauthenticated or ErrorKind.PermissionDenied
                ? "pull access denied, repository does not exist or may require authorization: "
                : "";
            throw new GantryException(
                e.Kind, $"failed to resolve reference \"{reference}\": {denied}{e.Message}", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"failed to resolve reference \"{reference}\": {RegistryHttp.Reason(e)}", e);
        }
    }

    /// <summary>Fetches a manifest or index; its bytes have been checked against its digest.</summary>
    /// <param name="repository">The repository; tag and digest do not matter.</param>
    /// <param name="descriptor">The manifest or index.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// As for <see cref="ResolveAsync"/>; FailedPrecondition: the bytes are not what the descriptor says.
    /// </exception>
    public async Task<byte[]> FetchManifestAsync(
        Reference repository,
        Descriptor descriptor,
        CancellationToken cancellationToken)
    {
        if (MediaTypes.IsSchema1(descriptor.MediaType))
        {
            throw Schema1(descriptor.MediaType);
        }

        if (descriptor.Size > OciJson.MaxManifestBytes)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"manifest {descriptor.Digest}: {descriptor.Size} bytes, greater than the limit of {OciJson.MaxManifestBytes}");
        }

        try
        {
            RegistryRequest request = Request(HttpMethod.Get, repository, $"manifests/{descriptor.Digest}") with
            {
                Accept = [descriptor.MediaType, "*/*"],
            };
            return await OnFirstAsync(
                repository,
                HostCapabilities.Pull,
                async host =>
                {
                    using HttpResponseMessage response = await host.SendAsync(request, cancellationToken);
                    await ThrowUnlessFoundAsync(response, cancellationToken);
                    byte[] data = await BoundedBody.ReadAllAsync(
                        response, OciJson.MaxManifestBytes, _options, cancellationToken);
                    Check(data, descriptor);
                    return data;
                },
                cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"manifest {descriptor.Digest}: {RegistryHttp.Reason(e)}", e);
        }
    }

    /// <summary>
    /// Opens a blob. A connection that breaks is taken up again where it broke, within limits. The stream ends after as
    /// many bytes as the descriptor says or fails with a <see cref="GantryException"/>; <em>the caller checks the
    /// digest</em>, as the content store does when it commits.
    /// </summary>
    /// <param name="repository">The repository; tag and digest do not matter.</param>
    /// <param name="descriptor">The blob.</param>
    /// <param name="offset">Where to begin, from 0 to the size.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">As for <see cref="ResolveAsync"/>.</exception>
    public async Task<Stream> OpenBlobAsync(
        Reference repository,
        Descriptor descriptor,
        long offset,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, descriptor.Size);
        if (offset == descriptor.Size)
        {
            return Stream.Null;
        }

        bool isPiecewise = _options.PiecesAhead > 0 && descriptor.Size - offset >= _options.PiecewiseFromBytes;
        try
        {
            return isPiecewise
                ? await OpenPiecewiseAsync(repository, descriptor, offset, cancellationToken)
                : await OpenBlobAsync(repository, descriptor, new BlobSource(), offset, descriptor.Size, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new GantryException(
                ErrorKind.Unavailable, $"blob {descriptor.Digest}: {RegistryHttp.Reason(e)}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hosts.Dispose();

    private static void Check(byte[] data, Descriptor descriptor)
    {
        if (descriptor.Size > 0 && data.Length != descriptor.Size)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"manifest {descriptor.Digest}: unexpected size {data.Length}, expected {descriptor.Size}");
        }

        Digest actual = DigestOf(data, descriptor.Digest);
        if (actual != descriptor.Digest)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"unexpected commit digest {actual}, expected {descriptor.Digest}");
        }
    }

    private static Digest DigestOf(byte[] data, Digest like)
    {
        using System.Security.Cryptography.IncrementalHash hash = like.CreateHash();
        hash.AppendData(data);
        return Digest.FromHash(hash);
    }

    private static GantryException Schema1(string mediaType) => new(
        ErrorKind.InvalidArgument,
        $"media type \"{mediaType}\" is not supported, please rebuild the image as \"{MediaTypes.OciManifest}\" "
        + $"or \"{MediaTypes.DockerManifest}\"");

    private static string? MediaTypeOf(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType;

    private static void CheckAsked(Reference reference, Digest said)
    {
        if (!reference.Digest.IsEmpty && !said.IsEmpty && reference.Digest != said)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"asked for {reference.Digest}, the registry says {said}");
        }
    }

    // Null when only a GET can tell.
    private async Task<Descriptor?> HeadAsync(
        RegistryHost host,
        Reference reference,
        CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Head, reference, $"manifests/{reference.Object}") with
        {
            Accept = ManifestTypes,
        };
        using HttpResponseMessage response = await host.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new GantryException(ErrorKind.NotFound, reference.ToString());
        }

        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        string mediaType = MediaTypeOf(response) ?? "";
        if (MediaTypes.IsSchema1(mediaType))
        {
            throw Schema1(mediaType);
        }

        Digest digest = DigestHeader.In(response);
        CheckAsked(reference, digest);
        long? size = response.Content.Headers.ContentLength;
        bool known = MediaTypes.IsManifest(mediaType) || MediaTypes.IsIndex(mediaType);
        return known && !digest.IsEmpty && size is > 0 and <= OciJson.MaxManifestBytes
            ? new Descriptor(mediaType, digest, size.Value)
            : null;
    }

    private async Task<Descriptor> GetAsync(
        RegistryHost host,
        Reference reference,
        CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Get, reference, $"manifests/{reference.Object}") with
        {
            Accept = ManifestTypes,
        };
        using HttpResponseMessage response = await host.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new GantryException(ErrorKind.NotFound, reference.ToString());
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await StatusError.ReadAsync(response, _options, cancellationToken);
        }

        byte[] data = await BoundedBody.ReadAllAsync(response, OciJson.MaxManifestBytes, _options, cancellationToken);
        Digest said = DigestHeader.In(response);
        CheckAsked(reference, said);
        Digest expected = reference.Digest.IsEmpty ? said : reference.Digest;
        Digest actual = expected.IsEmpty ? Digest.OfBytes(data) : DigestOf(data, expected);
        if (!expected.IsEmpty && actual != expected)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"unexpected digest {actual} of the manifest, expected {expected}");
        }

        return new Descriptor(DetectMediaType(data, MediaTypeOf(response) ?? ""), actual, data.Length);
    }

    private static string DetectMediaType(byte[] data, string header)
    {
        string? mediaType = header;
        if (!MediaTypes.IsManifest(header) && !MediaTypes.IsIndex(header))
        {
            try
            {
                mediaType = OciJson.DetectMediaType(data);
            }
            catch (FormatException e)
            {
                throw new GantryException(ErrorKind.InvalidArgument, e.Message, e);
            }
        }

        if (MediaTypes.IsSchema1(mediaType ?? header))
        {
            throw Schema1(mediaType ?? header);
        }

        return mediaType is not null && (MediaTypes.IsManifest(mediaType) || MediaTypes.IsIndex(mediaType))
            ? mediaType
            : throw new GantryException(
                ErrorKind.InvalidArgument, $"media type \"{mediaType ?? header}\" is no manifest of an image");
    }

    private async Task<Stream> OpenPiecewiseAsync(
        Reference repository,
        Descriptor descriptor,
        long offset,
        CancellationToken cancellationToken)
    {
        BlobSource source = new();
        PiecewiseStream stream = new(
            (from, end, token) => OpenBlobAsync(repository, descriptor, source, from, end, token),
            descriptor.Size,
            offset,
            _options.PiecesAhead,
            _pieces);
        try
        {
            await stream.OpenAsync(cancellationToken);
            return stream;
        }
        catch (GantryException e) when (
            e.Kind is ErrorKind.Unknown or ErrorKind.NotImplemented or ErrorKind.FailedPrecondition && offset == 0)
        {
            // A server that takes offence at being asked for a piece may still send the whole.
            await stream.DisposeAsync();
            return await OpenBlobAsync(repository, descriptor, source, offset, descriptor.Size, cancellationToken);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<BlobStream> OpenBlobAsync(
        Reference repository,
        Descriptor descriptor,
        BlobSource source,
        long offset,
        long end,
        CancellationToken cancellationToken)
    {
        BlobStream stream = new(
            (from, last, token) => OpenBlobOnceAsync(repository, descriptor, source, from, last, token),
            descriptor.Size,
            offset,
            end,
            _options,
            _logger);
        try
        {
            await stream.OpenAsync(cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<HttpResponseMessage> OpenBlobOnceAsync(
        Reference repository,
        Descriptor descriptor,
        BlobSource source,
        long offset,
        long? last,
        CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Get, repository, $"blobs/{descriptor.Digest}") with
        {
            Offset = offset,
            End = last,
        };
        try
        {
            return await OnFirstAsync(
                repository,
                HostCapabilities.Pull,
                async host =>
                {
                    HttpResponseMessage response = await OpenAtAsync(host, request, cancellationToken);
                    source.Host = host;
                    return response;
                },
                cancellationToken,
                source.Host);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound && descriptor.Urls.Count > 0)
        {
            return await OpenElsewhereAsync(descriptor, request, e, cancellationToken);
        }
    }

    private async Task ThrowUnlessFoundAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            string url = RegistryHttp.Shown(response.RequestMessage!.RequestUri!);
            throw new GantryException(ErrorKind.NotFound, $"content at {url} not found");
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await StatusError.ReadAsync(response, _options, cancellationToken);
        }
    }

    private static string PullScope(Reference reference) => $"repository:{reference.Path}:pull";

    private static RegistryRequest Request(HttpMethod method, Reference reference, string what) =>
        new(method, $"/v2/{reference.Path}/{what}", PullScope(reference));

    /// <summary>
    /// Asks the hosts that may be asked for it, one after another, until one serves; the last one's failure counts. Who served
    /// before is asked first.
    /// </summary>
    private async Task<T> OnFirstAsync<T>(
        Reference reference,
        HostCapabilities needed,
        Func<RegistryHost, Task<T>> ask,
        CancellationToken cancellationToken,
        RegistryHost? before = null)
    {
        IReadOnlyList<RegistryHost> hosts = await HostsAsync(reference, needed, cancellationToken);
        hosts = before is null ? hosts : [.. hosts.OrderBy(host => host != before)];
        for (int i = 0; i < hosts.Count - 1; i++)
        {
            if (hosts[i].Rests)
            {
                continue;
            }

            try
            {
                return await ask(hosts[i]);
            }
            catch (Exception e) when (e is GantryException or IOException or HttpRequestException or TimeoutException)
            {
                if (e is { InnerException: HttpRequestException or TimeoutException })
                {
                    hosts[i].Rest();
                }

                _logger.AskingNext(
                    hosts[i].Endpoint.Authority,
                    reference.Name,
                    e is GantryException ? e.Message : RegistryHttp.Reason(e),
                    hosts[i + 1].Endpoint.Authority);
            }
        }

        return await ask(hosts[^1]);
    }

    /// <summary>The hosts that may be asked for something, in order; at least one.</summary>
    private async Task<IReadOnlyList<RegistryHost>> HostsAsync(
        Reference reference,
        HostCapabilities needed,
        CancellationToken cancellationToken)
    {
        RegistryHost[] hosts = [.. (await _hosts.GetAsync(reference.Host, cancellationToken))
            .Where(host => host.Config.Capabilities.HasFlag(needed))];
        return hosts.Length > 0
            ? hosts
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"no host for {reference.Host} has the capability \"{needed.ToString().ToLowerInvariant()}\"");
    }
}
