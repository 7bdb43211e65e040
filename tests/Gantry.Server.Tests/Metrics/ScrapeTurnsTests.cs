using Gantry.Server.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gantry.Server.Tests.Metrics;

public sealed class ScrapeTurnsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scrape_whose_reader_reads_nothing_is_cut_off_and_the_next_has_its_turn()
    {
        ScrapeTurns turns = new(Limit, _time);
        Task stuck = turns.TakeAsync(token => Task.Delay(Timeout.Infinite, token), Token);
        bool begun = false;
        Task next = turns.TakeAsync(
            _ =>
            {
                begun = true;
                return Task.CompletedTask;
            },
            Token);

        _time.Advance(Limit - TimeSpan.FromSeconds(1));
        Assert.False(stuck.IsCompleted);
        Assert.False(begun);
        _time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck.WaitAsync(Patience, Token));
        await next.WaitAsync(Patience, Token);
        Assert.True(begun);
    }

    [Fact]
    public async Task Nothing_is_closed_under_a_scrape()
    {
        ScrapeTurns turns = new(Limit, _time);
        TaskCompletionSource done = new();
        Task scrape = turns.TakeAsync(_ => done.Task, Token);
        int closed = 0;

        turns.TryTake(() => closed++);
        Task end = turns.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);
        done.SetResult();

        await scrape.WaitAsync(Patience, Token);
        await end.WaitAsync(Patience, Token);
        Assert.Equal(0, closed);
        using CancellationTokenSource given = new();
        Task late = turns.TakeAsync(_ => Task.CompletedTask, given.Token);
        turns.TryTake(() => closed++);
        Assert.Equal(0, closed);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late);
    }

    [Fact]
    public async Task What_is_to_be_closed_is_closed_between_scrapes()
    {
        ScrapeTurns turns = new(Limit, _time);
        int closed = 0;

        await turns.TakeAsync(_ => Task.CompletedTask, Token);
        turns.TryTake(() => closed++);
        await turns.TakeAsync(_ => Task.CompletedTask, Token);

        Assert.Equal(1, closed);
    }
}
