using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Server;

/// <summary>Several differs in an order of preference: the first that does not say NotImplemented does the work.</summary>
/// <param name="differs">The differs; at least one.</param>
/// <param name="syncLayers">Whether each layer is synced, whatever the client wants.</param>
internal sealed class FirstDiffer(IReadOnlyList<IDiffer> differs, bool syncLayers) : IDiffer
{
    /// <inheritdoc/>
    public Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        UnpackOptions wanted = syncLayers ? options with { SyncFilesystem = true } : options;
        return TryAsync(differ => differ.ApplyAsync(layer, mounts, wanted, cancellationToken));
    }

    /// <inheritdoc/>
    public Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        DiffOptions options,
        CancellationToken cancellationToken) =>
        TryAsync(differ => differ.CompareAsync(lower, upper, options, cancellationToken));

    private async Task<Descriptor> TryAsync(Func<IDiffer, Task<Descriptor>> work)
    {
        for (int i = 0; i < differs.Count - 1; i++)
        {
            try
            {
                return await work(differs[i]);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotImplemented)
            {
                // The next one may.
                continue;
            }
        }

        return await work(differs[^1]);
    }
}
