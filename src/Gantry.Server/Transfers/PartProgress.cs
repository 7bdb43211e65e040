using Gantry.Transfer.Pull;

namespace Gantry.Server.Transfers;

/// <summary>
/// Tells a client of the parts of an image: each change of what is happening to one, and how far it has come not more often
/// than ten times a second.
/// </summary>
/// <param name="image">The image's name.</param>
/// <param name="moving">What it is called that bytes are on their way: <c>downloading</c>, <c>uploading</c>.</param>
/// <param name="progress">Is told.</param>
/// <param name="time">The clock.</param>
internal sealed class PartProgress(string image, string moving, TransferProgress progress, TimeProvider time)
    : IProgress<PullProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // Guards _told.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (PullState State, long At)> _told = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Report(PullProgress value)
    {
        string? what = value.State switch
        {
            PullState.Waiting => "waiting",
            PullState.Downloading or PullState.Uploading => moving,
            PullState.Exists => "already exists",
            PullState.Unpacking => "extracting",
            PullState.Done when value.Ref != image => "complete",
            _ => null,
        };
        if (what is not null && IsNews(value))
        {
            progress.Say(what, image, value.Ref, value.Digest, value.Offset, value.Total);
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
