using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Api.Services.Images;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gantry.Runtime.Tests.Events;

public sealed class EventExchangeTests
{
    private static readonly Namespace Ns = Namespace.Parse("default");

    private readonly EventExchange _events = new(TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_subscribers_get_all_events_in_the_same_order()
    {
        await using IAsyncEnumerator<EventEnvelope> first = Subscribe();
        await using IAsyncEnumerator<EventEnvelope> second = Subscribe();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => PublishAsync($"c{i}"), Token)));

        string[] a = await IdsAsync(first, 50);
        string[] b = await IdsAsync(second, 50);
        Assert.Equal(a, b);
        Assert.Equal(50, a.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task An_event_from_before_the_subscription_does_not_come()
    {
        await PublishAsync("before");
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe();
        await PublishAsync("after");

        Assert.Equal(["after"], await IdsAsync(events, 1));
    }

    [Fact]
    public async Task A_forwarded_event_keeps_its_stamp_and_its_bytes()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe();
        EventEnvelope sent = new(
            DateTimeOffset.UnixEpoch.AddYears(50), Ns, "/tasks/start", new TypedBytes("x/y", new byte[] { 1, 2, 3 }));

        await _events.ForwardAsync(sent, Token);
        await events.MoveNextAsync();

        Assert.Equal(sent.Timestamp, events.Current.Timestamp);
        Assert.Equal(new byte[] { 1, 2, 3 }, events.Current.Event.Value.ToArray());
    }

    [Fact]
    public async Task A_forwarded_event_without_a_stamp_is_refused()
    {
        EventEnvelope sent = new(default, Ns, "/tasks/start", new TypedBytes("x", default));

        GantryException failure =
            await Assert.ThrowsAsync<GantryException>(async () => await _events.ForwardAsync(sent, Token));

        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("tasks/exit")]
    [InlineData("/tasks//exit")]
    [InlineData("/tasks/exit/")]
    [InlineData("/tasks/ex it")]
    [InlineData("/tasks/exit\n")]
    public async Task A_malformed_topic_is_refused(string topic)
    {
        GantryException failure = await Assert.ThrowsAsync<GantryException>(
            async () => await _events.PublishAsync(Ns, topic, new TypedBytes("x", default), Token));

        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        Assert.EndsWith(": invalid argument", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exit_that_is_told_again_comes_once()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe();
        TaskExit exit = Exit("c1", "c1", 17);
        TaskExit other = Exit("c1", "e1", 18);

        await PublishAsync("/tasks/exit", exit);
        await PublishAsync("/tasks/exit", exit);
        await PublishAsync("/tasks/exit", other);
        await PublishAsync("/tasks/exit", other);
        await PublishAsync("end");

        Assert.Equal(["c1", "c1", "end"], await IdsAsync(events, 3));
    }

    [Fact]
    public async Task An_exit_of_another_run_of_the_same_container_is_another_exit()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe();

        await PublishAsync("/tasks/exit", Exit("c1", "c1", 17, nanoseconds: 1));
        await PublishAsync("/tasks/exit", Exit("c1", "c1", 17, nanoseconds: 2));

        Assert.Equal(["c1", "c1"], await IdsAsync(events, 2));
    }

    [Fact]
    public async Task A_subscriber_that_is_too_far_behind_is_told_and_others_are_not_hurt()
    {
        await using IAsyncEnumerator<EventEnvelope> slow = Subscribe();
        await using IAsyncEnumerator<EventEnvelope> quick = Subscribe();

        for (int i = 0; i <= EventHub.QueueLimit; i++)
        {
            await PublishAsync("c");
            Assert.True(await quick.MoveNextAsync());
        }

        GantryException failure = await Assert.ThrowsAsync<GantryException>(async () =>
        {
            while (await slow.MoveNextAsync())
            {
                Assert.Equal("/containers/create", slow.Current.Topic);
            }
        });
        Assert.Equal(ErrorKind.ResourceExhausted, failure.Kind);
    }

    [Fact]
    public async Task Nothing_waits_for_a_subscriber_that_fell_behind_and_left()
    {
        IAsyncEnumerator<EventEnvelope> slow = Subscribe();
        ValueTask<bool> first = slow.MoveNextAsync();
        for (int i = 0; i < EventHub.QueueLimit + 10; i++)
        {
            await PublishAsync("c");
        }

        Assert.True(await first);
        await slow.DisposeAsync();

        Assert.Equal((0, 0), (_events.Counters.Waiting, _events.Counters.Subscribers));
    }

    [Fact]
    public async Task A_subscriber_that_never_asked_for_an_event_leaves_with_its_token()
    {
        using CancellationTokenSource stop = new();
        IAsyncEnumerable<EventEnvelope> never = _events.Subscribe([], stop.Token);
        await PublishAsync("c");
        Assert.Equal((1, 1), (_events.Counters.Waiting, _events.Counters.Subscribers));

        await stop.CancelAsync();

        Assert.NotNull(never);
        Assert.Equal((0, 0), (_events.Counters.Waiting, _events.Counters.Subscribers));
    }

    [Fact]
    public async Task An_exit_that_could_not_be_told_is_told_when_it_comes_again()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe();
        EventEnvelope exit = new(DateTimeOffset.UnixEpoch.AddYears(50), Ns, "/tasks/exit", TypeUrl.Pack(Exit("c1", "c1", 17)));
        _events.ExitSeen = static (_, _) => throw new UnauthorizedAccessException("no");
        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await _events.ForwardAsync(exit, Token));
        Assert.Null(_events.Exits.Find(Ns, "c1"));

        _events.ExitSeen = null;
        await _events.ForwardAsync(exit, Token);
        await _events.ForwardAsync(exit, Token);
        await PublishAsync("end");

        Assert.Equal(["c1", "end"], await IdsAsync(events, 2));
    }

    [Fact]
    public async Task Exits_of_tasks_that_nobody_deletes_are_not_remembered_for_ever()
    {
        for (int i = 0; i < 40_000; i++)
        {
            await PublishAsync("/tasks/exit", Exit($"c{i}", $"c{i}", 17));
        }

        Assert.Equal(17u, _events.Exits.Find(Ns, "c39999")?.Pid);
        Assert.InRange(Enumerable.Range(0, 40_000).Count(i => _events.Exits.Find(Ns, $"c{i}") is not null), 16_000, 33_000);
    }

    [Fact]
    public async Task A_subscription_ends_with_its_token()
    {
        using CancellationTokenSource stop = new();
        await using IAsyncEnumerator<EventEnvelope> events =
            _events.Subscribe([], stop.Token).GetAsyncEnumerator(CancellationToken.None);
        ValueTask<bool> next = events.MoveNextAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Theory]
    [InlineData("namespace==default", true)]
    [InlineData("namespace==other", false)]
    [InlineData("topic~=\"^/tasks/\"", true)]
    [InlineData("topic==\"/tasks/create\",namespace==default", true)]
    [InlineData("event.container_id==c1", true)]
    [InlineData("event.container_id==c2", false)]
    [InlineData("event.io.stdout==out", true)]
    [InlineData("event.io.terminal==true", true)]
    [InlineData("event.io.stdin", false)]
    [InlineData("event.pid==17", false)]
    [InlineData("event.no_such_field", false)]
    public async Task A_filter_looks_into_the_event(string filter, bool passes)
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe(filter, "namespace==end");
        TaskCreate created = new()
        {
            ContainerId = "c1",
            Pid = 17,
            Io = new TaskIO { Stdout = "out", Terminal = true },
        };

        await PublishAsync("/tasks/create", created);
        await _events.PublishAsync(
            Namespace.Parse("end"), "/x", TypeUrl.Pack(new ContainerCreate { Id = "end" }), Token);
        await events.MoveNextAsync();

        Assert.Equal(passes ? "/tasks/create" : "/x", events.Current.Topic);
    }

    [Fact]
    public async Task A_filter_looks_into_events_of_images()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe("event.name==two");

        await PublishAsync("/images/create", new ImageCreate { Name = "one" });
        await PublishAsync("/images/create", new ImageCreate { Name = "two" });

        Assert.Equal(["two"], await IdsAsync(events, 1));
    }

    [Fact]
    public async Task A_filter_looks_into_labels_whose_names_have_dots()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe("event.labels.\"a.b/c\"==x");
        ContainerUpdate update = new() { Id = "c1" };
        update.Labels.Add("a.b/c", "x");

        await PublishAsync("/containers/update", new ContainerUpdate { Id = "other" });
        await PublishAsync("/containers/update", update);

        Assert.Equal(["c1"], await IdsAsync(events, 1));
    }

    [Fact]
    public async Task An_event_whose_bytes_are_broken_passes_and_matches_no_field()
    {
        await using IAsyncEnumerator<EventEnvelope> events = Subscribe("event.container_id", "topic==\"/end\"");

        await _events.PublishAsync(
            Ns, "/tasks/create", new TypedBytes("containerd.events.TaskCreate", new byte[] { 10, 200, 1 }), Token);
        await _events.PublishAsync(Ns, "/end", new TypedBytes("x", default), Token);
        await events.MoveNextAsync();

        Assert.Equal("/end", events.Current.Topic);
    }

    private static TaskExit Exit(string container, string id, uint pid, int nanoseconds = 5) => new()
    {
        ContainerId = container,
        Id = id,
        Pid = pid,
        ExitedAt = new Timestamp { Seconds = 1000, Nanos = nanoseconds },
    };

    private static async Task<string[]> IdsAsync(IAsyncEnumerator<EventEnvelope> events, int count)
    {
        List<string> ids = [];
        while (ids.Count < count && await events.MoveNextAsync())
        {
            // The id is field 1 of each event that these tests send.
            ids.Add(new CodedInputStream(events.Current.Event.Value[1..].ToArray()).ReadString());
        }

        return [.. ids];
    }

    private IAsyncEnumerator<EventEnvelope> Subscribe(params string[] filters) =>
        _events.Subscribe(filters, Token).GetAsyncEnumerator(Token);

    private Task PublishAsync(string id) => PublishAsync("/containers/create", new ContainerCreate { Id = id });

    private Task PublishAsync(string topic, IMessage message) =>
        _events.PublishAsync(Ns, topic, TypeUrl.Pack(message), Token).AsTask();
}
