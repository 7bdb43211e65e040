using CliWrap;
using CliWrap.Buffered;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The daemon as a service of systemd: what it tells the service manager and the journal.</summary>
public sealed class ServiceTests
{
    private const string WithJournal = """
        mount -t tmpfs none /run
        mkdir -p /run/systemd/journal
        mount --bind "$1" /run/systemd/journal
        shift
        exec "$@"
        """;

    private static string Daemon => Needs.Published("gantryd");

    [Fact]
    public async Task Service_manager_is_told_of_ready_life_and_stop()
    {
        Needs.Root();
        using TempDirectory directory = new();
        using DatagramSocket manager = new(directory["notify"]);
        CommandTask<BufferedCommandResult> run = Cli.Wrap(Daemon)
            .WithArguments(Arguments(directory))
            .WithEnvironmentVariables(e => e.Set("NOTIFY_SOCKET", directory["notify"]).Set("WATCHDOG_USEC", "900000"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(CancellationToken.None);

        Assert.Equal($"READY=1\nSTATUS=serving on {directory["d.sock"]}", await manager.ReceiveAsync());
        Assert.True(File.Exists(directory["d.sock"]));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("WATCHDOG=1", await manager.ReceiveAsync());
        }

        Signals.Send(run.ProcessId, Signals.SIGTERM);
        string last;
        while ((last = await manager.ReceiveAsync()) == "WATCHDOG=1")
        {
            // Signs of life may come until it has heard of its end.
        }

        Assert.Equal("STOPPING=1\nSTATUS=stopping after SIGTERM; containers live on", last);
        await run;
    }

    [Fact]
    public async Task Signs_of_life_meant_for_another_process_are_not_given()
    {
        Needs.Root();
        using TempDirectory directory = new();
        using DatagramSocket manager = new(directory["notify"]);
        CommandTask<BufferedCommandResult> run = Cli.Wrap(Daemon)
            .WithArguments(Arguments(directory))
            .WithEnvironmentVariables(e =>
                e.Set("NOTIFY_SOCKET", directory["notify"]).Set("WATCHDOG_USEC", "3000").Set("WATCHDOG_PID", "1"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(CancellationToken.None);

        Assert.StartsWith("READY=1\n", await manager.ReceiveAsync(), StringComparison.Ordinal);
        Signals.Send(run.ProcessId, Signals.SIGTERM);

        Assert.StartsWith("STOPPING=1\n", await manager.ReceiveAsync(), StringComparison.Ordinal);
        await run;
    }

    [Fact]
    public async Task Journal_gets_fields_and_standard_error_nothing()
    {
        Needs.Root();
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["journal"]);
        using DatagramSocket journal = new(directory["journal/socket"]);
        CommandTask<BufferedCommandResult> run = Cli.Wrap(Needs.Program("unshare"))
            .WithArguments(
            [
                "--mount", "--propagation", "private", "sh", "-ec", WithJournal, "sh", directory["journal"],
                Daemon, .. Arguments(directory), "--log-to", "journald",
            ])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(CancellationToken.None);

        string first = await journal.ReceiveAsync();
        string record = first;
        while (!record.Contains("successfully booted", StringComparison.Ordinal))
        {
            record = await journal.ReceiveAsync();
        }

        Signals.Send(run.ProcessId, Signals.SIGTERM);
        BufferedCommandResult result = await run;
        Assert.StartsWith(
            "PRIORITY=6\nSYSLOG_IDENTIFIER=gantryd\nMESSAGE=starting gantry version=", first, StringComparison.Ordinal);
        Assert.Contains($"\nGANTRY_ROOT={directory["root"]}\n", first, StringComparison.Ordinal);
        Assert.Equal("", result.StandardError);
    }

    [Fact]
    public async Task Sockets_belong_to_whom_the_configuration_says()
    {
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync("[grpc]\nuid = 1234\ngid = 2345\n");

        BufferedCommandResult owners = await gantry.RunAsync(
            "stat", ["-c", "%a %u %g", gantry.Address, gantry.Address + ".ttrpc"], null);

        Assert.Equal("660 1234 2345\n660 1234 2345\n", owners.StandardOutput);
    }

    [Theory]
    [InlineData("--log-to", "syslog", "flag --log-to must be \"stderr\" or \"journald\", and not \"syslog\"")]
    [InlineData("--log-format", "xml", "flag --log-format must be \"text\" or \"json\", and not \"xml\"")]
    [InlineData("--log-level", "loud", "flag --log-level must be \"trace\" or ")]
    public async Task A_word_that_is_none_is_said(string flag, string value, string error)
    {
        BufferedCommandResult result = await Cli.Wrap(Daemon)
            .WithArguments([flag, value, "config", "dump"])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(error, result.StandardError, StringComparison.Ordinal);
    }

    private static string[] Arguments(TempDirectory directory) =>
        ["-c", "", "--root", directory["root"], "--state", directory["state"], "-a", directory["d.sock"]];
}
