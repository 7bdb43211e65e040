namespace Gantry.Storage.Tests;

/// <summary>The real clock, put forward at will.</summary>
internal sealed class SettableTime : TimeProvider
{
    private long _aheadTicks;
    private volatile Action? _onQuestion;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

    /// <summary>Called once, when the clock is asked for the second time from now on.</summary>
    public void OnSecondQuestion(Action action)
    {
        int questions = 0;
        _onQuestion = () =>
        {
            if (Interlocked.Increment(ref questions) == 2)
            {
                _onQuestion = null;
                action();
            }
        };
    }

    public override DateTimeOffset GetUtcNow()
    {
        _onQuestion?.Invoke();
        return System.GetUtcNow().AddTicks(Interlocked.Read(ref _aheadTicks));
    }
}
