using System.IO.Pipelines;
using System.Text;
using Gantry.Server.Metrics;
using Xunit;

namespace Gantry.Server.Tests.Metrics;

public sealed class ExpositionTests
{
    [Fact]
    public async Task A_counter_is_named_as_each_format_wants_it()
    {
        static void Write(Exposition to)
        {
            to.Begin("a_total"u8, MetricKind.Counter, "some things");
            to.Sample("a_total"u8, LabelText.Of(("x", "1\"\\\n")), 5ul);
        }

        string text = await WrittenAsync(openMetrics: false, Write);
        string openMetrics = await WrittenAsync(openMetrics: true, Write);

        Assert.Equal(
            "# HELP a_total some things\n# TYPE a_total counter\na_total{x=\"1\\\"\\\\\\n\"} 5\n",
            text);
        Assert.Equal(
            "# HELP a some things\n# TYPE a counter\na_total{x=\"1\\\"\\\\\\n\"} 5\n# EOF\n",
            openMetrics);
    }

    [Fact]
    public async Task A_histogram_adds_its_buckets_up()
    {
        string text = await WrittenAsync(
            openMetrics: false, to => to.Histogram("h", LabelText.Of(("x", "y")), [0.5, 1], [1, 2, 3], 9.5));

        Assert.Equal(
            """
            h_bucket{x="y",le="0.5"} 1
            h_bucket{x="y",le="1"} 3
            h_bucket{x="y",le="+Inf"} 6
            h_sum{x="y"} 9.5
            h_count{x="y"} 6

            """,
            text);
    }

    [Fact]
    public async Task The_largest_numbers_are_written_in_full()
    {
        string text = await WrittenAsync(openMetrics: false, to => to.Sample("n"u8, default, ulong.MaxValue));

        Assert.Equal("n 18446744073709551615\n", text);
    }

    private static async Task<string> WrittenAsync(bool openMetrics, Action<Exposition> write)
    {
        using MemoryStream stream = new();
        PipeWriter writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        using (Exposition to = new(writer, openMetrics))
        {
            write(to);
            await to.EndAsync(TestContext.Current.CancellationToken);
        }

        await writer.CompleteAsync();
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
