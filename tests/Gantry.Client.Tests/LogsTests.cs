using CliWrap;
using CliWrap.Buffered;
using Gantry.Client.Tasks;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary><c>gantry logs</c> and <c>gantry attach</c>.</summary>
public sealed class LogsTests(GantryFixture fixture) : IClassFixture<GantryFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await fixture.ReadyAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_a_container_in_the_background_wrote_is_shown_and_goes_with_it()
    {
        await OkAsync("run", "-d", "--name", "l1", fixture.Image, "sh", "-c", "echo one; echo two; echo bad >&2; printf end");
        await WaitAsync("l1");

        BufferedCommandResult all = await GantryAsync("logs", "l1");
        BufferedCommandResult last = await GantryAsync("logs", "--tail", "1", "l1");
        BufferedCommandResult timed = await GantryAsync("logs", "--timestamps", "l1");
        BufferedCommandResult future = await GantryAsync("logs", "--since", "2100-01-01", "l1");
        BufferedCommandResult followed = await GantryAsync("logs", "-f", "l1");
        await OkAsync("rm", "l1");

        Assert.Equal(("one\ntwo\nend", "bad\n"), (all.StandardOutput, all.StandardError));
        Assert.EndsWith("end", last.StandardOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("one", last.StandardOutput, StringComparison.Ordinal);
        Assert.Matches("^[0-9-]{10}T[0-9:.]{16}Z one\n", timed.StandardOutput);
        Assert.Equal("", future.StandardOutput);
        Assert.Equal(all.StandardOutput, followed.StandardOutput);
        Assert.False(Directory.Exists(Path.Combine(fixture.Daemon.Root, "io.gantry.logs/default/l1")));
    }

    [Fact]
    public async Task Following_goes_on_until_the_container_ends()
    {
        using TempDirectory directory = new();
        await OkAsync(
            "run", "-d", "--name", "l2", "-v", $"{directory.Path}:/w", fixture.Image,
            "sh", "-c", "echo first; while [ ! -e /w/go ]; do sleep 0.1; done; echo last; exit 3");

        Task<BufferedCommandResult> following = GantryAsync("logs", "-f", "l2");
        await File.WriteAllTextAsync(directory["go"], "", Token);
        BufferedCommandResult result = await following.WaitAsync(Patience, Token);
        await OkAsync("rm", "l2");

        Assert.Equal("first\nlast\n", result.StandardOutput);
    }

    [Fact]
    public async Task Following_shows_each_line_once_while_the_file_is_put_aside_again_and_again()
    {
        using TempDirectory directory = new();
        string uri = $"logfile://{directory["l4"]}?max-size=8192&max-files=100";
        await OkAsync(
            "run", "-d", "--name", "l4", "--log-uri", uri, fixture.Image,
            "sh", "-c", "i=0; while [ $i -lt 9000 ]; do i=$((i + 1)); echo $i; done");

        BufferedCommandResult followed = await GantryAsync("logs", "-f", "l4").WaitAsync(Patience, Token);
        BufferedCommandResult after = await GantryAsync("logs", "l4");
        await OkAsync("rm", "l4");

        string all = string.Concat(Enumerable.Range(1, 9000).Select(i => $"{i}\n"));
        Assert.Equal(all, followed.StandardOutput);
        Assert.Equal(all, after.StandardOutput);
        Assert.True(Directory.EnumerateFiles(directory.Path).Count() > 10);
    }

    [Fact]
    public async Task A_plain_file_is_shown_too_but_has_no_times()
    {
        using TempDirectory directory = new();
        string uri = $"file://{directory["l3.log"]}";
        await OkAsync("run", "-d", "--name", "l3", "--log-uri", uri, fixture.Image, "echo", "plain");
        await WaitAsync("l3");

        BufferedCommandResult all = await GantryAsync("logs", "l3");
        BufferedCommandResult timed = await GantryAsync("logs", "-t", "l3");
        await OkAsync("rm", "l3");

        Assert.Equal("plain\n", all.StandardOutput);
        Assert.Equal(1, timed.ExitCode);
        Assert.Contains("does not say when", timed.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_is_no_log_of_a_container_that_is_not_there()
    {
        BufferedCommandResult result = await GantryAsync("logs", "none");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not found", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_whose_client_was_killed_is_taken_over_by_attach()
    {
        using TempDirectory directory = new();
        using CancellationTokenSource kill = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task client = Command(
                "run", "--name", "l4", "-v", $"{directory.Path}:/w", fixture.Image, "sh", "-c",
                "touch /w/up; while [ ! -e /w/go ]; do echo tick; sleep 0.1; done; echo after; exit 5")
            .ExecuteBufferedAsync(kill.Token);
        await Poll.UntilAsync(() => File.Exists(directory["up"]));
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client);

        List<string> lines = [];
        CommandResult result = await Command("attach", "l4")
            .WithStandardOutputPipe(PipeTarget.ToDelegate(line =>
            {
                // Once it says something it is attached, and the container may end.
                lines.Add(line);
                File.WriteAllText(directory["go"], "");
            }))
            .ExecuteAsync(Token)
            .Task.WaitAsync(Patience, Token);
        await OkAsync("rm", "-f", "l4");

        Assert.Equal(5, result.ExitCode);
        Assert.Equal("after", lines[^1]);
    }

    private async Task WaitAsync(string id)
    {
        TaskClient tasks = fixture.Client.In(Namespace.Default).Tasks;
        await tasks.WaitAsync(id, cancellationToken: Token).WaitAsync(Patience, Token);
    }

    private async Task OkAsync(params string[] arguments)
    {
        BufferedCommandResult result = await GantryAsync(arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
    }

    private async Task<BufferedCommandResult> GantryAsync(params string[] arguments) =>
        await Command(arguments).ExecuteBufferedAsync(Token);

    private Command Command(params string[] arguments)
    {
        string program = Path.Combine(GantryDaemon.BinDirectory, "gantry");
        return Cli.Wrap(program)
            .WithArguments(["-a", fixture.Daemon.Address, .. arguments])
            .WithValidation(CommandResultValidation.None);
    }
}
