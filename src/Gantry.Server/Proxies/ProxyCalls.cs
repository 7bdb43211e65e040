using System.Globalization;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Server.Config;

namespace Gantry.Server.Proxies;

/// <summary>Calls to a remote snapshotter, each with a deadline and with errors that name it.</summary>
internal sealed class ProxyCalls(ProxyPluginConfig config, TimeSpan limit, TimeProvider time) : IAsyncDisposable
{
    private readonly GantryClient _client =
        new(new GantryClientOptions { SocketPath = config.Address, ConnectTimeout = limit });

    /// <summary>Makes a call.</summary>
    /// <param name="what">What it is, for errors.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">What the proxy says; Unavailable: it is not there, or says nothing.</exception>
    public async Task<T> CallAsync<T>(
        string what,
        Func<ISnapshotter, CancellationToken, Task<T>> call,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(limit, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await call(_client.In(Namespace.Default).Snapshots(config.RemoteName), both.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            string seconds = limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            throw new GantryException(
                ErrorKind.Unavailable,
                $"proxy snapshotter {config.Name}: no answer to {what} from {config.Address} in {seconds} s",
                e);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
        {
            throw new GantryException(e.Kind, $"proxy snapshotter {config.Name}: {what}: {e.Message}", e);
        }
    }

    /// <summary>Makes a call that brings nothing back.</summary>
    public Task CallAsync(
        string what,
        Func<ISnapshotter, CancellationToken, Task> call,
        CancellationToken cancellationToken) =>
        CallAsync(
            what,
            async (snapshots, token) =>
            {
                await call(snapshots, token);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
