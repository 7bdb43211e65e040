using System.Diagnostics;
using Gantry.Core.Tracing;
using Gantry.Testing;
using Xunit;

namespace Gantry.Core.Tests.Tracing;

public sealed class SpanCollectorTests
{
    private static readonly TraceSettings Settings = new()
    {
        Endpoint = new Uri("http://nowhere"),
        Resource = [new("service.name", "test")],
        Delay = TimeSpan.FromHours(1),
    };

    [Fact]
    public async Task Spans_are_sent_with_their_parents_when_the_process_ends()
    {
        List<TracedSpan> sent = [];
        SpanCollector collector = Collect(Settings, sent);
        using (Activity? client = Traces.Source.StartActivity("command"))
        {
            using Activity? call = Traces.StartClient("/s.v1.S/Get");
            Assert.NotNull(call);
            using Activity? server = Traces.StartServer("/s.v1.S/Get", call.Id);
            Traces.Fail(server, "not found");
        }

        await collector.DisposeAsync();

        Assert.Equal(["s.v1.S/Get", "s.v1.S/Get", "command"], sent.Select(span => span.Name));
        Assert.Equal([2, 3, 1], sent.Select(span => span.Kind));
        Assert.Equal([sent[1].Id, sent[2].Id, ""], sent.Select(span => span.Parent));
        Assert.Single(sent.Select(span => span.Trace).Distinct(StringComparer.Ordinal));
        Assert.Equal([true, false, false], sent.Select(span => span.Failed));
        Assert.All(sent, span => Assert.Equal("test", span.Service));
    }

    [Fact]
    public async Task What_another_process_does_not_keep_is_not_kept_here()
    {
        List<TracedSpan> sent = [];
        SpanCollector collector = Collect(Settings, sent);
        using (Traces.StartServer("/s/A", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        {
        }

        using (Traces.StartServer("/s/B", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        {
        }

        await collector.DisposeAsync();

        TracedSpan kept = Assert.Single(sent);
        Assert.Equal(("s/B", "b7ad6b7169203331"), (kept.Name, kept.Parent));
    }

    [Fact]
    public void Nothing_is_made_while_nobody_collects()
    {
        Assert.False(Traces.Enabled);
        Assert.Null(Traces.StartServer("/s/A", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        Assert.Null(Traces.StartClient("/s/A"));
    }

    [Fact]
    public async Task A_full_batch_does_not_wait_for_its_time()
    {
        TaskCompletionSource<int> sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using SpanCollector collector = new(
            Settings,
            (batch, _) =>
            {
                sent.TrySetResult(TracedSpan.ReadAll(batch).Count);
                return Task.CompletedTask;
            },
            failure => Assert.Fail(failure.Message),
            TimeProvider.System);

        Make(512);

        Assert.Equal(512, await sent.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_too_much_is_told_once_and_the_rest_is_sent()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<int> sent = [];
        List<string> lost = [];
        SpanCollector collector = new(
            Settings,
            async (batch, _) =>
            {
                sent.Add(TracedSpan.ReadAll(batch).Count);
                begun.TrySetResult();
                await goOn.Task;
            },
            failure => lost.Add(failure.Message),
            TimeProvider.System);
        Make(512);
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Make(2048 + 7);
        goOn.SetResult();
        await collector.DisposeAsync();

        Assert.Equal(512 + 2048, sent.Sum());
        Assert.StartsWith("7 spans were dropped", Assert.Single(lost), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_never_answers_does_not_keep_the_process_from_ending()
    {
        List<string> lost = [];
        SpanCollector collector = new(
            Settings with { Timeout = TimeSpan.FromHours(1) },
            (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, token),
            failure => lost.Add(failure.Message),
            TimeProvider.System);
        Make(2000);

        await collector.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(2, lost.Count);
    }

    private static void Make(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Traces.Source.StartActivity("span")?.Dispose();
        }
    }

    private static SpanCollector Collect(TraceSettings settings, List<TracedSpan> sent) => new(
        settings,
        (batch, _) =>
        {
            sent.AddRange(TracedSpan.ReadAll(batch));
            return Task.CompletedTask;
        },
        failure => Assert.Fail(failure.Message),
        TimeProvider.System);
}
