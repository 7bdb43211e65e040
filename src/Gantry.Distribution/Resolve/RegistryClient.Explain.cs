using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;
using Gantry.Distribution.Http;
using Gantry.Distribution.Resolve;
using Gantry.Oci.Image;

namespace Gantry.Distribution;

// Asking for the sake of knowing.
public sealed partial class RegistryClient
{
    /// <summary>
    /// Asks every host for a name, in the order in which a pull asks them, whether or not one before it knows the name.
    /// </summary>
    /// <param name="reference">The name.</param>
    /// <param name="options">How registries are reached.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The hosts; a pull takes the first that has found something.</returns>
    /// <exception cref="GantryException">InvalidArgument: a file can't be understood, or a certificate not used.</exception>
    public static async Task<IReadOnlyList<HostExplanation>> ExplainAsync(
        Reference reference,
        RegistryOptions options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(options);
        Transcript transcript = new();
        using RegistryClient client = new(options, transcript);
        List<HostExplanation> all = [];
        foreach (RegistryHost host in await client._hosts.GetAsync(reference.Host, cancellationToken))
        {
            HostExplanation one = new(host.Endpoint, host.Config) { MirrorOf = host.Mirrored };
            all.Add(host.Config.Capabilities.HasFlag(Needed(reference))
                ? await client.AskAsync(host, reference, one, transcript, cancellationToken)
                : one);
        }

        return all;
    }

    /// <summary>Makes sure that a registry lets us in.</summary>
    /// <param name="host">The host of references to it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">Unauthenticated: it does not; others: it does not say.</exception>
    public async Task CheckAccessAsync(string host, CancellationToken cancellationToken)
    {
        IReadOnlyList<RegistryHost> hosts = await _hosts.GetAsync(host, cancellationToken);
        using HttpResponseMessage response = await hosts[^1].SendAsync(
            new RegistryRequest(HttpMethod.Get, "/v2/", ""), cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw await StatusError.ReadAsync(response, _options, cancellationToken);
        }
    }

    private static HostCapabilities Needed(Reference reference) =>
        reference.Digest.IsEmpty ? HostCapabilities.Resolve : HostCapabilities.Pull;

    private async Task<HostExplanation> AskAsync(
        RegistryHost host,
        Reference reference,
        HostExplanation one,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        Descriptor? found = null;
        string error = "";
        try
        {
            found = await ResolveAtAsync(host, reference, cancellationToken);
        }
        catch (GantryException e)
        {
            error = e.Kind == ErrorKind.NotFound ? "not found" : e.Message;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            error = RegistryHttp.Reason(e);
        }

        return one with { Asked = true, Found = found, Error = error, Exchanges = transcript.Take() };
    }

    private async Task<Descriptor> ResolveAtAsync(
        RegistryHost host,
        Reference reference,
        CancellationToken cancellationToken) =>
        await HeadAsync(host, reference, cancellationToken) ?? await GetAsync(host, reference, cancellationToken);
}
