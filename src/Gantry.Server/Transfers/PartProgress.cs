using Gantry.Oci.Image;
using Gantry.Transfer.Pull;

namespace Gantry.Server.Transfers;

/// <summary>
/// Tells a client of the parts of an image: each change of what is happening to one, and how far it has come not more often
/// than ten times a second.
/// </summary>
/// <param name="image">The image's name.</param>
/// <param name="progress">Is told.</param>
/// <param name="time">The clock.</param>
internal sealed class PartProgress(string image, TransferProgress progress, TimeProvider time)
    : IProgress<PullProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private const int MaxParents = 100_000;

    // Guards _told and _parents.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (PullState State, long At)> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, List<string>> _parents = [];

    /// <inheritdoc/>
    public void Report(PullProgress value)
    {
        if (value.State is PullState.Opened)
        {
            Open(value);
            return;
        }

        bool isPart = value.State is not PullState.Done || value.Ref != image;
        if (isPart && PullWords.Of(value.State) is { } what && IsNews(value))
        {
            progress.Say(what, ParentsOf(value.Digest), value.Ref, value.Digest, value.Offset, value.Total);
        }
    }

    private void Open(PullProgress value)
    {
        lock (_gate)
        {
            foreach (Digest child in value.Children.Distinct())
            {
                if (_parents.TryGetValue(child, out List<string>? parents))
                {
                    parents.Add(value.Ref);
                }
                else if (_parents.Count < MaxParents)
                {
                    _parents.Add(child, [value.Ref]);
                }
            }
        }
    }

    // What nothing has named is the image itself.
    private IReadOnlyList<string> ParentsOf(Digest digest)
    {
        lock (_gate)
        {
            return _parents.TryGetValue(digest, out List<string>? parents) ? [.. parents] : [image];
        }
    }

    private bool IsNews(PullProgress value)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            bool known = _told.TryGetValue(value.Ref, out (PullState State, long At) told);
            if (known && told.State == value.State && time.GetElapsedTime(told.At, now) < Interval)
            {
                return false;
            }

            _told[value.Ref] = (value.State, now);
            return true;
        }
    }
}
