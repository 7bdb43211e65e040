using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>The downloads of an image's layers. A layer may stand in an image twice; it is fetched once.</summary>
/// <param name="layers">The layers.</param>
/// <param name="fetch">Fetches one.</param>
internal sealed class LayerFetches(IReadOnlyList<Descriptor> layers, Func<Descriptor, Task> fetch)
{
    private readonly Dictionary<Digest, Task> _started = [];

    /// <summary>Those that were started. Not to be looked at while others may start.</summary>
    public IEnumerable<Task> Started => _started.Values;

    /// <summary>
    /// Starts one and all above it: once one has to be downloaded, those on top of it most likely have to be, too. Only
    /// when all are started may two callers ask at once.
    /// </summary>
    /// <param name="index">Which.</param>
    /// <returns>The one asked for.</returns>
    public Task StartFrom(int index)
    {
        foreach (Descriptor layer in layers.Skip(index))
        {
            if (!_started.ContainsKey(layer.Digest))
            {
                _started.Add(layer.Digest, fetch(layer));
            }
        }

        return _started[layers[index].Digest];
    }

    /// <summary>Returns when all that were started have ended, one way or the other.</summary>
    public async Task EndAsync() =>
        await Task.WhenAll(_started.Values).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
