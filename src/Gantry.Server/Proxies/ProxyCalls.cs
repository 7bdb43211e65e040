using System.Globalization;
using System.Runtime.CompilerServices;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Server.Config;

namespace Gantry.Server.Proxies;

/// <summary>Calls to a proxy plug-in, each with a deadline and with errors that name it.</summary>
internal sealed class ProxyCalls(ProxyPluginConfig config, TimeSpan limit, TimeProvider time) : IAsyncDisposable
{
    private readonly string _who = $"proxy {Kind(config.Type)} {config.Name}";

    /// <summary>The client that calls go through.</summary>
    public GantryClient Client { get; } =
        new(new GantryClientOptions { SocketPath = config.Address, ConnectTimeout = limit });

    /// <summary>Makes a call.</summary>
    /// <param name="what">What it is, for errors.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">What the proxy says; Unavailable: it is not there, or says nothing.</exception>
    public async Task<T> CallAsync<T>(
        string what,
        Func<CancellationToken, Task<T>> call,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(limit, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        return await TranslateAsync(what, () => call(both.Token), cancellationToken);
    }

    /// <summary>Makes a call that brings nothing back.</summary>
    public Task CallAsync(string what, Func<CancellationToken, Task> call, CancellationToken cancellationToken) =>
        CallAsync(
            what,
            async token =>
            {
                await call(token);
                return true;
            },
            cancellationToken);

    /// <summary>Makes a call that brings many things, each of which has the time of a call.</summary>
    public async IAsyncEnumerable<T> ListAsync<T>(
        string what,
        Func<CancellationToken, IAsyncEnumerable<T>> list,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(limit, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await using IAsyncEnumerator<T> items = list(both.Token).GetAsyncEnumerator(both.Token);
        while (await TranslateAsync(what, () => items.MoveNextAsync().AsTask(), cancellationToken))
        {
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            yield return items.Current;
            deadline.CancelAfter(limit);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private static string Kind(string type) => type switch
    {
        "content" => "content store",
        "diff" => "differ",
        _ => "snapshotter",
    };

    private async Task<T> TranslateAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            string seconds = limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            throw new GantryException(
                ErrorKind.Unavailable, $"{_who}: no answer to {what} from {config.Address} in {seconds} s", e);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
        {
            throw new GantryException(e.Kind, $"{_who}: {what}: {e.Message}", e);
        }
    }
}
