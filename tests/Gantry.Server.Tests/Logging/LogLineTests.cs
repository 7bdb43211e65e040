using System.Text;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gantry.Server.Tests.Logging;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset When = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void Text_quotes_what_needs_it()
    {
        string line = Format(LogFormat.Text, new IOException("disk \"full\"\nreally"));

        Assert.Equal(
            "time=\"2026-01-02T03:04:05.678000000Z\" level=warning msg=\"a b\" "
            + "error=\"disk \\\"full\\\"\\nreally\" id=x.y-1 empty=\"\"\n",
            line);
    }

    [Fact]
    public void Json_is_one_object_a_line()
    {
        string line = Format(LogFormat.Json, null);

        Assert.Equal(
            "{\"id\":\"x.y-1\",\"empty\":\"\",\"level\":\"warning\",\"msg\":\"a b\",\"time\":\"2026-01-02T03:04:05.678000000Z\"}\n",
            line);
    }

    [Fact]
    public void What_is_no_text_does_not_reach_a_terminal()
    {
        string line = Format(LogFormat.Text, new IOException("a\u001b[31m\u007f\u009b\u2028\r\nlevel=fatal"));

        Assert.Contains("error=\"a\\x1b[31m\\x7f\\u009b\\u2028\\r\\nlevel=fatal\"", line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(LogFormat.Text)]
    [InlineData(LogFormat.Json)]
    public void A_value_without_end_is_cut(LogFormat format)
    {
        string line = Format(format, new IOException(new string('x', 1 << 20)));

        Assert.InRange(line.Length, 16 << 10, 17 << 10);
        Assert.Contains("... (1032192 more)", line, StringComparison.Ordinal);
    }

    private static string Format(LogFormat format, Exception? exception) =>
        Encoding.UTF8.GetString(LogLine.Format(
            format,
            When,
            LogLevel.Warning,
            "a b",
            [new("id", "x.y-1"), new("empty", null), new("{OriginalFormat}", "a b")],
            exception));
}
