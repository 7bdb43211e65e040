namespace Gantry.Runtime.Supervisor;

/// <summary>
/// When a container is to be started again: a second after it has ended, twice as long each time that it ends soon, and
/// no longer than a minute.
/// </summary>
internal sealed class RestartBackoff
{
    /// <summary>One that has run for this long has started well.</summary>
    private static readonly TimeSpan Good = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = First;
    private DateTimeOffset? _started;

    /// <summary>When it is to be started; null while it runs, as far as is known.</summary>
    public DateTimeOffset? Due { get; private set; }

    /// <summary>It was seen to run.</summary>
    public void Runs() => Due = null;

    /// <summary>It was seen not to run.</summary>
    /// <param name="now">The time.</param>
    /// <param name="atOnce">Whether it has no task, and so nothing has just ended.</param>
    public void Ended(DateTimeOffset now, bool atOnce)
    {
        if (Due is not null)
        {
            return;
        }

        if (_started is { } started && now - started >= Good)
        {
            _pause = First;
        }

        Due = atOnce && _started is null ? now : now + _pause;
    }

    /// <summary>It was started, or that was tried.</summary>
    /// <param name="now">The time.</param>
    public void Tried(DateTimeOffset now)
    {
        _started = now;
        Due = null;
        _pause = _pause * 2 < Longest ? _pause * 2 : Longest;
    }
}
