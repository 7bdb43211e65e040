using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Server.Config;
using Gantry.Server.Proxies;

namespace Gantry.Server;

/// <summary>The differs that the diff service asks, in the order of the config: the daemon's own, and proxies.</summary>
internal sealed class DifferSet : IAsyncDisposable
{
    /// <summary>The name of the daemon's own.</summary>
    public const string BuiltIn = "walking";

    private readonly IReadOnlyList<string> _order;
    private readonly Func<INamespaceScope, IDiffer> _builtIn;
    private readonly Dictionary<string, ProxyCalls> _proxies;
    private readonly bool _syncLayers;

    /// <summary>Makes the set.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="builtIn">Makes the daemon's own differ for a scope.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="GantryException">FailedPrecondition: the order names one that is not there.</exception>
    public DifferSet(DaemonConfig config, Func<INamespaceScope, IDiffer> builtIn, TimeProvider time)
    {
        _order = config.Differs;
        _syncLayers = config.SyncLayers;
        _builtIn = builtIn;
        _proxies = config.ProxyPlugins.Where(proxy => proxy.Type == "diff").ToDictionary(
            proxy => proxy.Name,
            proxy => new ProxyCalls(proxy, config.ProxyDiffTimeout, time),
            StringComparer.Ordinal);
        if (_order.FirstOrDefault(name => name != BuiltIn && !_proxies.ContainsKey(name)) is { } unknown)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"config: needed differ not loaded: {unknown}");
        }
    }

    /// <summary>The differ for a scope.</summary>
    public IDiffer For(INamespaceScope scope)
    {
        IEnumerable<IDiffer> differs = _order.Select(
            name => name == BuiltIn ? _builtIn(scope) : new ProxyDiffer(_proxies[name], scope.Namespace));
        return new FirstDiffer([.. differs], _syncLayers);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ProxyCalls calls in _proxies.Values)
        {
            await calls.DisposeAsync();
        }
    }
}
