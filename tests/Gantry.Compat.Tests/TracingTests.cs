using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>One trace leads from the command through the daemon and the shim to the OCI runtime.</summary>
[Collection(ImagesCollection.Name)]
public sealed class TracingTests(Images images)
{
    [Fact]
    public async Task The_spans_of_a_run_are_of_one_trace()
    {
        await using ScriptedServer collector = new(_ => new ScriptedAnswer(200));
        string endpoint = $"OTEL_EXPORTER_OTLP_ENDPOINT=http://{collector.Host}";
        await using GantryDaemon gantry = new() { Variables = [endpoint, "OTEL_BSP_SCHEDULE_DELAY=100"] };
        await gantry.StartAsync(TestContext.Current.CancellationToken);
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{collector.Host}",
        };

        BufferedCommandResult run = await gantry.RunAsync(
            Path.Combine(GantryDaemon.BinDirectory, "gantry"), ["run", "--rm", images.Busybox, "true"], environment);

        Assert.True(run.ExitCode == 0, run.StandardError);
        TracedSpan root = Assert.Single(Spans(collector), span => span is { Service: "gantry", Parent: "" });
        Assert.Equal("gantry run", root.Name);
        IReadOnlyList<TracedSpan> trace = [];
        await Poll.UntilAsync(() =>
        {
            trace = [.. Spans(collector).Where(span => span.Trace == root.Trace)];
            return trace.Any(span => span.Name == "runc create") && trace.Any(span => Ends(span, "Tasks/Start", "gantryd"));
        });

        TracedSpan create = trace.Single(span => span.Name == "runc create");
        Assert.Equal(
            [
                "containerd-shim-gantry-v1 runc create",
                "containerd-shim-gantry-v1 containerd.task.v3.Task/Create",
                "gantryd containerd.task.v3.Task/Create",
                "gantryd containerd.services.tasks.v1.Tasks/Create",
                "gantry containerd.services.tasks.v1.Tasks/Create",
                "gantry gantry run",
            ],
            Upwards(create, trace).Select(span => $"{span.Service} {span.Name}"));
        Assert.Empty(await gantry.LeftoversAsync());
    }

    private static IEnumerable<TracedSpan> Spans(ScriptedServer collector) => collector.Requests
        .Where(request => request.Path == "/v1/traces")
        .SelectMany(request => TracedSpan.ReadAll(request.Bytes));

    private static bool Ends(TracedSpan span, string name, string service) =>
        span.Service == service && span.Name.EndsWith(name, StringComparison.Ordinal);

    private static IEnumerable<TracedSpan> Upwards(TracedSpan span, IReadOnlyList<TracedSpan> trace)
    {
        for (TracedSpan? at = span; at is not null; at = trace.SingleOrDefault(other => other.Id == at.Parent))
        {
            yield return at;
        }
    }
}
