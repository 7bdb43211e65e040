using System.Buffers.Binary;
using System.Text;
using Gantry.Server.Logging;
using Gantry.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gantry.Server.Tests.Logging;

public sealed class JournalTests
{
    [Fact]
    public async Task A_record_is_one_datagram_of_fields()
    {
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["journal"]);
        using Journal journal = new(directory["journal"]);

        bool taken = journal.TrySend(
            LogLevel.Warning,
            "shim c1 is slow",
            [new("id", "c1"), new("schemaVersion", 3), new("{OriginalFormat}", "shim {id} is slow")],
            new IOException("no answer"));

        Assert.True(taken);
        Assert.Equal(
            "PRIORITY=4\nSYSLOG_IDENTIFIER=gantryd\nMESSAGE=shim c1 is slow error=\"no answer\" schemaVersion=3\n"
            + "GANTRY_ERROR=no answer\nGANTRY_SCHEMA_VERSION=3\n",
            await socket.ReceiveAsync());
    }

    [Fact]
    public void A_value_of_several_lines_has_its_length_before_it()
    {
        byte[] record = Journal.Record(LogLevel.Error, "failed", [new("output", "one\ntwo")], null);

        string text = Encoding.UTF8.GetString(record);
        int start = text.IndexOf("GANTRY_OUTPUT\n", StringComparison.Ordinal) + "GANTRY_OUTPUT\n".Length;
        Assert.Equal(7UL, BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(start)));
        Assert.Equal("one\ntwo\n"u8, record.AsSpan(start + 8));
        Assert.Contains("MESSAGE=failed output=\"one\\ntwo\"\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LogLevel.Trace, "7")]
    [InlineData(LogLevel.Debug, "7")]
    [InlineData(LogLevel.Information, "6")]
    [InlineData(LogLevel.Warning, "4")]
    [InlineData(LogLevel.Error, "3")]
    [InlineData(LogLevel.Critical, "2")]
    public void Levels_are_those_of_syslog(LogLevel level, string priority)
    {
        string text = Encoding.UTF8.GetString(Journal.Record(level, "x", [], null));

        Assert.StartsWith($"PRIORITY={priority}\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_cannot_forge_a_field()
    {
        string text = Encoding.UTF8.GetString(Journal.Record(LogLevel.Information, "x\nPRIORITY=0", [], null));

        Assert.Equal("PRIORITY=6\nSYSLOG_IDENTIFIER=gantryd\nMESSAGE=x\\nPRIORITY=0\n", text);
    }

    [Fact]
    public void A_journal_that_is_not_there_leaves_the_record_to_standard_error()
    {
        using TempDirectory directory = new();
        using MemoryStream output = new();
        using LineLoggerProvider provider = new(
            output, LogFormat.Text, TimeProvider.System, new Journal(directory["nobody"]));

        provider.CreateLogger("x").Log(LogLevel.Information, "still told");

        Assert.Contains("msg=\"still told\"", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_of_any_size_gets_through()
    {
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["journal"]);
        using Journal journal = new(directory["journal"]);

        Assert.True(journal.TrySend(LogLevel.Error, "large", [new("output", new string('ü', 1 << 20))], null));

        Assert.Contains("more)", await socket.ReceiveAsync(), StringComparison.Ordinal);
    }
}
