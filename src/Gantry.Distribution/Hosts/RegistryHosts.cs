using Gantry.Core.Errors;
using Gantry.Distribution.Auth;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Hosts;

/// <summary>The registries that were talked to, so that connections, tokens and schemes are learnt once.</summary>
internal sealed class RegistryHosts(RegistryHttp http, RegistryOptions options, ILogger logger) : IDisposable
{
    private const int MaxHosts = 256;
    private const string DockerHub = "docker.io";
    private const string DockerHubEndpoint = "registry-1.docker.io";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, RegistryHost> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly TokenClient _tokens = new(http, options, logger);

    /// <summary>The registry that a reference's host stands for.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is no host.</exception>
    public async Task<RegistryHost> GetAsync(string host, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_hosts.TryGetValue(host, out RegistryHost? known))
            {
                return known;
            }

            if (_hosts.Count >= MaxHosts)
            {
                throw new GantryException(ErrorKind.ResourceExhausted, $"more than {MaxHosts} registries in use");
            }

            Uri endpoint = await FindEndpointAsync(host, cancellationToken);
            RegistryHost made = new(endpoint, new Authorizer(host, endpoint, options, _tokens), http, options);
            _hosts.Add(host, made);
            return made;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        foreach (RegistryHost host in _hosts.Values)
        {
            host.Dispose();
        }

        _gate.Dispose();
    }

    private async Task<Uri> FindEndpointAsync(string host, CancellationToken cancellationToken)
    {
        string authority = host == DockerHub ? DockerHubEndpoint : host;
        if (!Uri.TryCreate($"https://{authority}/", UriKind.Absolute, out Uri? secure))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"invalid registry host \"{host}\"");
        }

        Uri plain = new($"http://{authority}/");
        if (options.PlainHttp)
        {
            return plain;
        }

        bool mayBePlain = Loopback.Is(secure) && options.CaFiles.Count == 0 && !options.SkipVerify;
        if (!mayBePlain)
        {
            return secure;
        }

        return await SchemeProbe.SpeaksTlsAsync(secure.IdnHost, secure.Port, cancellationToken) ? secure : plain;
    }
}
