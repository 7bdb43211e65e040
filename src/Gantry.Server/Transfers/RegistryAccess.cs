using Gantry.Distribution;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Transfers;

/// <summary>A registry, for one transfer.</summary>
internal sealed class RegistryAccess : IDisposable
{
    private readonly StreamCredentials? _credentials;

    /// <summary>Makes a client of it, and nothing is sent yet.</summary>
    public RegistryAccess(RegistryOptions options, StreamCredentials? credentials, ILogger logger)
    {
        _credentials = credentials;
        Client = new RegistryClient(options, logger);
    }

    /// <summary>The client.</summary>
    public RegistryClient Client { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        _credentials?.Dispose();
    }
}
