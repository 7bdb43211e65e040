using Gantry.Core.Diff;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Server.Proxies;

/// <summary>
/// A differ that another program provides on a socket of its own. It gets the caller's namespace, and finds the content
/// by itself. Leases are not passed on: they are of this daemon.
/// </summary>
/// <param name="calls">The way to the proxy.</param>
/// <param name="ns">The caller's namespace.</param>
internal sealed class ProxyDiffer(ProxyCalls calls, Namespace ns) : IDiffer
{
    private readonly IDiffer _remote = calls.Client.In(ns).Differ;

    /// <inheritdoc/>
    public async Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        // It reads the content store.
        await (options.Arriving?.Whole ?? Task.CompletedTask).WaitAsync(cancellationToken);
        return await calls.CallAsync(
            "Apply", token => _remote.ApplyAsync(layer, mounts, options, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        DiffOptions options,
        CancellationToken cancellationToken) =>
        calls.CallAsync("Diff", token => _remote.CompareAsync(lower, upper, options, token), cancellationToken);
}
