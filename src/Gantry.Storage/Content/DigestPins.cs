using Gantry.Oci.Image;

namespace Gantry.Storage.Content;

/// <summary>
/// Keeps those who make a blob and those who remove it apart. A digest that is pinned is not removed; one that is being
/// removed is not pinned until that is over.
/// </summary>
internal sealed class DigestPins
{
    // Guards both collections.
    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, int> _pinned = [];
    private readonly Dictionary<Digest, TaskCompletionSource> _removing = [];

    /// <summary>Pins a digest, until <see cref="Unpin"/>.</summary>
    public async Task PinAsync(Digest digest, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task removed;
            lock (_gate)
            {
                if (!_removing.TryGetValue(digest, out TaskCompletionSource? removal))
                {
                    _pinned[digest] = _pinned.GetValueOrDefault(digest) + 1;
                    return;
                }

                removed = removal.Task;
            }

            await removed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes back one pin.</summary>
    public void Unpin(Digest digest)
    {
        lock (_gate)
        {
            int pins = _pinned[digest] - 1;
            if (pins == 0)
            {
                _pinned.Remove(digest);
            }
            else
            {
                _pinned[digest] = pins;
            }
        }
    }

    /// <summary>Begins the removal of a digest, until <see cref="EndRemoval"/>.</summary>
    /// <returns>False when it is pinned.</returns>
    public bool TryBeginRemoval(Digest digest)
    {
        lock (_gate)
        {
            return !_pinned.ContainsKey(digest)
                && _removing.TryAdd(
                    digest,
                    new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    /// <summary>Ends the removal of a digest.</summary>
    public void EndRemoval(Digest digest)
    {
        TaskCompletionSource? removal;
        lock (_gate)
        {
            _removing.Remove(digest, out removal);
        }

        removal?.SetResult();
    }
}
