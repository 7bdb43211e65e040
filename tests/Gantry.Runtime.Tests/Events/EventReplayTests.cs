using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Events;
using Xunit;

namespace Gantry.Runtime.Tests.Events;

public sealed class EventReplayTests
{
    private static readonly Namespace Ns = Namespace.Parse("default");

    private readonly MemoryEventLog _log = new();
    private readonly EventExchange _events;

    public EventReplayTests()
    {
        _events = new EventExchange(TimeProvider.System, _log);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_kept_comes_again_and_ends()
    {
        await PublishAsync(5);

        Assert.Equal([3, 4, 5], await AllAsync(new EventReplay(EventCursor.Parse("2"), [])));
        Assert.Equal([1, 2, 3, 4, 5], await AllAsync(new EventReplay(EventCursor.Earliest, [])));
    }

    [Fact]
    public async Task A_filter_holds_for_what_was_kept_and_for_what_comes()
    {
        await _events.PublishAsync(Ns, "/a", new TypedBytes("x", default), Token);
        await _events.PublishAsync(Ns, "/b", new TypedBytes("x", default), Token);
        await using IAsyncEnumerator<EventEnvelope> events = _events
            .Replay(new EventReplay(EventCursor.Earliest, ["topic==\"/b\""], Follow: true), Token)
            .GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(2ul, events.Current.Sequence);

        ValueTask<bool> next = events.MoveNextAsync();
        await _events.PublishAsync(Ns, "/a", new TypedBytes("x", default), Token);
        await _events.PublishAsync(Ns, "/b", new TypedBytes("x", default), Token);

        Assert.True(await next);
        Assert.Equal(4ul, events.Current.Sequence);
    }

    [Fact]
    public async Task Between_what_was_kept_and_what_comes_nothing_is_missed_and_nothing_comes_twice()
    {
        const int count = 20_000;
        Task publishing = PublishAsync(count);

        ulong[][] seen = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            List<ulong> numbers = [];
            await foreach (EventEnvelope envelope in _events.Replay(
                new EventReplay(EventCursor.Earliest, [], Follow: true), Token))
            {
                numbers.Add(envelope.Sequence);
                if (envelope.Sequence == count)
                {
                    break;
                }
            }

            return numbers.ToArray();
        }));
        await publishing;

        Assert.All(seen, numbers => Assert.Equal(Enumerable.Range(1, count).Select(n => (ulong)n), numbers));
    }

    [Fact]
    public async Task What_is_later_than_the_end_is_left_out()
    {
        await PublishAsync(2);
        DateTimeOffset end = (await LastAsync()).Timestamp;
        await _events.ForwardAsync(new EventEnvelope(end.AddHours(1), Ns, "/late", new TypedBytes("x", default)), Token);

        Assert.Equal([1, 2], await AllAsync(new EventReplay(EventCursor.Earliest, [], Until: end)));
        Assert.Equal([1, 2], await AllAsync(new EventReplay(EventCursor.Earliest, [], Follow: true, Until: end)));
    }

    [Fact]
    public async Task A_replay_that_goes_on_ends_when_its_end_has_come()
    {
        await PublishAsync(1);

        Assert.Equal(
            [1],
            await AllAsync(new EventReplay(
                EventCursor.Earliest, [], Follow: true, Until: TimeProvider.System.GetUtcNow().AddMilliseconds(100))));
    }

    [Fact]
    public async Task A_subscriber_that_fell_behind_is_told_where_to_go_on()
    {
        await using IAsyncEnumerator<EventEnvelope> slow = _events.Subscribe([], Token).GetAsyncEnumerator(Token);
        await PublishAsync(EventHub.QueueLimit + 100);

        ulong last = 0;
        GantryException failure = await Assert.ThrowsAsync<GantryException>(async () =>
        {
            while (await slow.MoveNextAsync())
            {
                last = slow.Current.Sequence;
            }
        });

        Assert.Equal(ErrorKind.ResourceExhausted, failure.Kind);
        Assert.Contains($"after event {last}", failure.Message, StringComparison.Ordinal);
        ulong[] rest = await AllAsync(new EventReplay(new EventCursor(last, null), []));
        Assert.Equal(last + 1, rest[0]);
        Assert.Equal(100, rest.Length);
    }

    [Fact]
    public async Task An_event_that_is_forwarded_again_comes_once_also_after_a_restart()
    {
        EventEnvelope sent = new(TimeProvider.System.GetUtcNow(), Ns, "/tasks/oom", new TypedBytes("x", new byte[] { 1 }));

        await _events.ForwardAsync(sent, Token);
        await _events.ForwardAsync(sent, Token);
        await new EventExchange(TimeProvider.System, _log).ForwardAsync(sent, Token);
        await _events.ForwardAsync(sent with { Topic = "/tasks/other" }, Token);

        Assert.Equal([1, 2], await AllAsync(new EventReplay(EventCursor.Earliest, [])));
    }

    [Fact]
    public async Task A_replay_that_is_left_before_it_has_caught_up_leaves_no_subscriber()
    {
        await PublishAsync(3);

        await foreach (EventEnvelope envelope in _events.Replay(new EventReplay(EventCursor.Earliest, [], Follow: true), Token))
        {
            Assert.Equal((1ul, 1), (envelope.Sequence, _events.Counters.Subscribers));
            break;
        }

        Assert.Equal(0, _events.Counters.Subscribers);
    }

    [Fact]
    public async Task What_was_told_before_is_known_also_when_it_could_not_be_read_at_first()
    {
        EventEnvelope told = new(TimeProvider.System.GetUtcNow(), Ns, "/tasks/oom", new TypedBytes("x", default));
        await _events.ForwardAsync(told, Token);
        EventExchange next = new(TimeProvider.System, _log);
        _log.IsBroken = true;
        await Assert.ThrowsAsync<IOException>(async () => await next.ForwardAsync(told, Token));

        _log.IsBroken = false;
        await next.ForwardAsync(told, Token);

        Assert.Equal(1ul, _log.Last);
    }

    [Fact]
    public void A_daemon_that_keeps_none_says_so()
    {
        EventExchange events = new(TimeProvider.System);

        GantryException failure = Assert.Throws<GantryException>(
            () => events.Replay(new EventReplay(EventCursor.Earliest, []), Token));

        Assert.Equal(ErrorKind.NotImplemented, failure.Kind);
    }

    private async Task PublishAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await _events.PublishAsync(Ns, "/x", new TypedBytes("x", default), Token);
            if (i % 100 == 0)
            {
                await Task.Yield();
            }
        }
    }

    private async Task<EventEnvelope> LastAsync()
    {
        EventEnvelope? last = null;
        await foreach (EventEnvelope envelope in _events.Replay(new EventReplay(EventCursor.Earliest, []), Token))
        {
            last = envelope;
        }

        return last!;
    }

    private async Task<ulong[]> AllAsync(EventReplay replay)
    {
        List<ulong> numbers = [];
        await foreach (EventEnvelope envelope in _events.Replay(replay, Token))
        {
            numbers.Add(envelope.Sequence);
        }

        return [.. numbers];
    }
}
