using Gantry.Core.Content;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>The downloads of an image's layers. A layer may stand in an image twice; it is fetched once.</summary>
/// <param name="layers">The layers.</param>
/// <param name="fetch">Fetches one.</param>
internal sealed class LayerFetches(IReadOnlyList<Descriptor> layers, Func<Descriptor, ArrivingBlob, Task> fetch)
    : IDisposable
{
    private readonly Dictionary<Digest, (Task Fetch, ArrivingBlob Blob)> _started = [];

    /// <summary>Those that were started. Not to be looked at while others may start.</summary>
    public IEnumerable<Task> Started => _started.Values.Select(started => started.Fetch);

    /// <summary>
    /// Starts one and all above it: once one has to be downloaded, those on top of it most likely have to be, too. Only
    /// when all are started may two callers ask at once.
    /// </summary>
    /// <param name="index">Which.</param>
    /// <returns>The one asked for.</returns>
    public ArrivingBlob StartFrom(int index)
    {
        foreach (Descriptor layer in layers.Skip(index))
        {
            if (!_started.ContainsKey(layer.Digest))
            {
                ArrivingBlob blob = new();
                _started.Add(layer.Digest, (FetchAsync(layer, blob), blob));
            }
        }

        return _started[layers[index].Digest].Blob;
    }

    /// <summary>Waits until a layer can be read: while it comes, or else when it is in the content store.</summary>
    /// <param name="index">Which; it is started if need be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The layer as it comes; null when it is in the store.</returns>
    public async Task<IArrivingBlob?> ReadyAsync(int index, CancellationToken cancellationToken)
    {
        ArrivingBlob blob = StartFrom(index);
        if (await blob.Begun.WaitAsync(cancellationToken))
        {
            return blob;
        }

        await blob.Whole.WaitAsync(cancellationToken);
        return null;
    }

    /// <summary>Returns when all that were started have ended, one way or the other.</summary>
    public async Task EndAsync() =>
        await Task.WhenAll(Started).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, ArrivingBlob blob) in _started.Values)
        {
            blob.Dispose();
        }
    }

    private async Task FetchAsync(Descriptor layer, ArrivingBlob blob)
    {
        try
        {
            await fetch(layer, blob);
            blob.Complete();
        }
        catch (Exception e)
        {
            blob.Fail(e);
            throw;
        }
    }
}
