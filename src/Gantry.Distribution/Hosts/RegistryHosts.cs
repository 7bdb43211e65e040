using Gantry.Core.Errors;
using Gantry.Distribution.Http;
using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Hosts;

/// <summary>The registries that were talked to, so that connections, tokens and schemes are learnt once.</summary>
internal sealed class RegistryHosts(RegistryOptions options, ILogger logger) : IDisposable
{
    private const int MaxRegistries = 256;
    private const string DockerHub = "docker.io";
    private const string DockerHubEndpoint = "registry-1.docker.io";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, IReadOnlyList<RegistryHost>> _hosts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The hosts to ask for what a reference's host stands for, in order; at least one.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is no host, or what is said of it can't be used.</exception>
    public async Task<IReadOnlyList<RegistryHost>> GetAsync(string host, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_hosts.TryGetValue(host, out IReadOnlyList<RegistryHost>? known))
            {
                return known;
            }

            ThrowIfFull();
            IReadOnlyList<RegistryHost> made = await MakeAsync(host, cancellationToken);
            _hosts.Add(host, made);
            return made;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A host that a manifest names, and nobody else: it gets no credentials and no headers.</summary>
    /// <param name="url">A URL there.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<RegistryHost> GetElsewhereAsync(Uri url, CancellationToken cancellationToken)
    {
        string key = url.GetLeftPart(UriPartial.Authority);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_hosts.TryGetValue(key, out IReadOnlyList<RegistryHost>? known))
            {
                return known[0];
            }

            ThrowIfFull();
            RegistryOptions bare = options with { Credentials = null };
            Uri endpoint = new(key + "/");
            RegistryHttp http = new(bare, new ClientIdentity(endpoint, []), logger);
            RegistryHost made = new(endpoint, new HostConfig(), null, url.Authority, http, bare, logger);
            _hosts.Add(key, [made]);
            return made;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        foreach (RegistryHost host in _hosts.Values.SelectMany(hosts => hosts))
        {
            host.Dispose();
        }

        _gate.Dispose();
    }

    private void ThrowIfFull()
    {
        if (_hosts.Count >= MaxRegistries)
        {
            throw new GantryException(ErrorKind.ResourceExhausted, $"more than {MaxRegistries} registries in use");
        }
    }

    // The path of a host's API, as a directory: "https://host/v2/".
    private static Uri Endpoint(Uri server, bool overridePath)
    {
        string path = server.AbsolutePath.TrimEnd('/');
        string api = overridePath || path.EndsWith("/v2", StringComparison.Ordinal) ? "" : "/v2";
        return new UriBuilder(server) { Path = $"{path}{api}/" }.Uri;
    }

    private static bool IsMirror(Uri endpoint, string host) =>
        !string.Equals(endpoint.Authority, host, StringComparison.OrdinalIgnoreCase)
        && !string.Equals($"{endpoint.Host}:{endpoint.Port}", host, StringComparison.OrdinalIgnoreCase)
        && !(host == DockerHub && endpoint.Host == DockerHubEndpoint);

    private static string CredentialHost(Uri endpoint) =>
        endpoint.Authority == DockerHubEndpoint ? DockerHub : endpoint.Authority;

    private async Task<IReadOnlyList<RegistryHost>> MakeAsync(string host, CancellationToken cancellationToken)
    {
        IReadOnlyList<HostConfig> configs = HostDirectories.Load(options.HostsDirectories, host);
        List<RegistryHost> made = [];
        try
        {
            foreach (HostConfig config in configs)
            {
                Uri server = config.Server ?? await FindAsync(host, config, cancellationToken);
                made.Add(Make(host, config, Endpoint(server, config.OverridePath), ReferenceEquals(config, configs[^1])));
            }

            return made;
        }
        catch
        {
            made.ForEach(one => one.Dispose());
            throw;
        }
    }

    // The last is asked again when that may help; of the others the next one is better asked.
    private RegistryHost Make(string host, HostConfig config, Uri endpoint, bool last)
    {
        bool mirror = IsMirror(endpoint, host);
        RegistryOptions own = options with
        {
            CaFiles = [.. options.CaFiles, .. config.CaFiles],
            SkipVerify = config.SkipVerify ?? options.SkipVerify,
            ConnectTimeout = config.DialTimeout ?? options.ConnectTimeout,
            MaxAttempts = last ? options.MaxAttempts : 1,
        };
        return new RegistryHost(
            endpoint,
            config with { Headers = [.. options.Headers, .. config.Headers] },
            mirror ? host : null,
            mirror ? CredentialHost(endpoint) : host,
            new RegistryHttp(own, new ClientIdentity(endpoint, config.ClientCertificates), logger),
            own,
            logger);
    }

    private async Task<Uri> FindAsync(string host, HostConfig config, CancellationToken cancellationToken)
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

        bool mayBePlain = Loopback.Is(secure) && options.CaFiles.Count == 0 && !options.SkipVerify && !config.HasTls;
        if (!mayBePlain)
        {
            return secure;
        }

        return await SchemeProbe.SpeaksTlsAsync(secure.IdnHost, secure.Port, cancellationToken) ? secure : plain;
    }
}
