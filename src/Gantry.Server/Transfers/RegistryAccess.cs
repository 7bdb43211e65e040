using Gantry.Distribution;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Transfers;

/// <summary>A registry, for one transfer.</summary>
internal sealed class RegistryAccess : IAsyncDisposable
{
    private readonly StreamCredentials? _credentials;
    private readonly ClientLog? _clientLog;

    /// <summary>Makes a client of it, and nothing is sent yet.</summary>
    /// <param name="options">How it is reached.</param>
    /// <param name="credentials">Asks the client who it is; null for nobody.</param>
    /// <param name="clientLog">Tells the client what is asked and answered; null if it does not want to know.</param>
    /// <param name="logger">Where it is logged otherwise.</param>
    public RegistryAccess(
        RegistryOptions options, StreamCredentials? credentials, ClientLog? clientLog, ILogger logger)
    {
        _credentials = credentials;
        _clientLog = clientLog;
        Client = new RegistryClient(options, clientLog ?? logger);
    }

    /// <summary>The client.</summary>
    public RegistryClient Client { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _credentials?.Dispose();
        if (_clientLog is not null)
        {
            await _clientLog.DisposeAsync();
        }
    }
}
