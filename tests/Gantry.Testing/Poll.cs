using System.Runtime.CompilerServices;
using Xunit;

namespace Gantry.Testing;

/// <summary>Waits for what comes to be so by itself and tells nobody.</summary>
public static class Poll
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Looks again and again until a condition holds; the test fails when it does not in a minute.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="what">What to call it in the failure.</param>
    public static Task UntilAsync(
        Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static async Task UntilAsync(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using CancellationTokenSource limit = new(Patience);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"not so after {Patience.TotalSeconds} s: {what}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
