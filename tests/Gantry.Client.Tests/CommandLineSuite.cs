using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Core.Containers;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>The published <c>gantry</c>, as its users see it, whichever daemon it drives.</summary>
[SuppressMessage("Interoperability", "CA1416", Justification = "runs on Linux")]
public abstract partial class CommandLineSuite(DaemonFixture fixture) : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Program => Needs.Published("gantry");

    public async ValueTask InitializeAsync()
    {
        _ = Program;
        await fixture.ReadyAsync();
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_exit_code_and_the_output_of_run_are_those_of_the_container()
    {
        BufferedCommandResult result = await GantryAsync(
            "run", "--rm", fixture.Image, "sh", "-c", "echo out; echo err >&2; exit 7");

        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.StandardOutput, result.StandardError));
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Options_after_the_image_belong_to_the_command()
    {
        BufferedCommandResult result = await GantryAsync(
            "run", "-e", "A=1", "--rm", fixture.Image, "echo", "-t", "--rm", "-h", "@x");

        Assert.Equal("-t --rm -h @x\n", result.StandardOutput);
    }

    [Fact]
    public async Task Environment_directory_user_host_name_and_mounts_are_what_was_asked_for()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(directory["file"], "from the host", Token);
        File.SetUnixFileMode(directory.Path, (UnixFileMode)0b111_101_101);

        BufferedCommandResult result = await GantryAsync(
            "run", "--rm", "-e", "A=b c", "--cwd", "/etc", "--user", "7:8", "--hostname", "box",
            "--mount", $"type=bind,src={directory.Path},dst=/host,options=rbind:ro", fixture.Image,
            "sh", "-c", "echo $A; pwd; id -u; id -g; hostname; cat /host/file; touch /host/x || echo read-only");

        Assert.Equal("b c\n/etc\n7\n8\nbox\nfrom the hostread-only\n", result.StandardOutput);
    }

    [Fact]
    public async Task A_read_only_root_can_not_be_written()
    {
        BufferedCommandResult result = await GantryAsync("run", "--rm", "--read-only", fixture.Image, "touch", "/x");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Read-only file system", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_is_passed_on_with_i_alone()
    {
        BufferedCommandResult with = await PipeAsync("abc\n", "run", "--rm", "-i", fixture.Image, "cat");
        BufferedCommandResult without = await PipeAsync("abc\n", "run", "--rm", fixture.Image, "cat");

        Assert.Equal("abc\n", with.StandardOutput);
        Assert.Equal("", without.StandardOutput);
    }

    [Theory]
    [InlineData("/no/such/program", "no such file")]
    [InlineData("--user", "no users found")]
    public async Task A_container_that_can_not_start_leaves_nothing(string what, string reason)
    {
        string[] arguments = what == "--user"
            ? ["run", "--name", "cant", "--user", "nobody-such", fixture.Image, "true"]
            : ["run", "--name", "cant", fixture.Image, what];

        BufferedCommandResult result = await GantryAsync(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("gantry: ", result.StandardError, StringComparison.Ordinal);
        Assert.Contains(reason, result.StandardError, StringComparison.OrdinalIgnoreCase);
        Assert.Single(result.StandardError.TrimEnd('\n').Split('\n'));
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_container_lives_from_run_to_rm()
    {
        BufferedCommandResult run = await GantryAsync(
            "run", "-d", "--name", "life", "--label", "k=v", fixture.Image, "sleep", "1000");
        BufferedCommandResult again = await GantryAsync("run", "-d", "--name", "life", fixture.Image, "true");
        BufferedCommandResult ps = await GantryAsync("ps", "-q");
        BufferedCommandResult exec = await GantryAsync("exec", "-e", "X=y", "life", "sh", "-c", "echo $X; exit 4");
        BufferedCommandResult inspect = await GantryAsync("inspect", "life");
        BufferedCommandResult refused = await GantryAsync("rm", "life");
        BufferedCommandResult kill = await GantryAsync("kill", "-s", "KILL", "life");
        BufferedCommandResult stop = await GantryAsync("stop", "life");
        BufferedCommandResult all = await GantryAsync("ps", "-a", "--format", "json");
        BufferedCommandResult rm = await GantryAsync("rm", "life");
        BufferedCommandResult gone = await GantryAsync("inspect", "life");

        Assert.Equal((0, "life\n"), (run.ExitCode, run.StandardOutput));
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("already exists", again.StandardError, StringComparison.Ordinal);
        Assert.Equal("life\n", ps.StandardOutput);
        Assert.Equal((4, "y\n"), (exec.ExitCode, exec.StandardOutput));
        using JsonDocument document = JsonDocument.Parse(inspect.StandardOutput);
        Assert.Equal("v", document.RootElement.GetProperty("Labels").GetProperty("k").GetString());
        Assert.Equal("running", document.RootElement.GetProperty("Task").GetProperty("Status").GetString());
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal(0, kill.ExitCode);
        Assert.Equal(0, stop.ExitCode);
        using JsonDocument listed = JsonDocument.Parse(all.StandardOutput);
        JsonElement row = listed.RootElement.EnumerateArray().Single(e => e.GetProperty("id").GetString() == "life");
        Assert.Equal("exited", row.GetProperty("status").GetString());
        Assert.Equal(137, row.GetProperty("exitStatus").GetInt32());
        Assert.Equal(0, rm.ExitCode);
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("not found", gone.StandardError, StringComparison.Ordinal);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Stop_kills_what_does_not_listen()
    {
        await GantryAsync("run", "-d", "--name", "deaf", fixture.Image, "sh", "-c", "trap '' TERM; while :; do sleep 1; done");
        Stopwatch watch = Stopwatch.StartNew();

        BufferedCommandResult stop = await GantryAsync("stop", "-t", "1s", "deaf");

        Assert.Equal(0, stop.ExitCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"took {watch.Elapsed}");
        Assert.Equal(0, (await GantryAsync("rm", "deaf")).ExitCode);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_signal_goes_to_the_container()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CommandTask<CommandResult> run = Command(
            "run", "--rm", fixture.Image, "sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 1; done")
            .WithStandardOutputPipe(PipeTarget.ToDelegate(_ => ready.TrySetResult()))
            .ExecuteAsync(limit.Token);
        await ready.Task.WaitAsync(limit.Token);

        await Cli.Wrap("kill").WithArguments(["-TERM", $"{run.ProcessId}"]).ExecuteAsync(limit.Token);
        CommandResult result = await run;

        Assert.Equal(42, result.ExitCode);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_terminal_is_a_terminal()
    {
        // script(1) gives the command a terminal of its own.
        BufferedCommandResult result = await Cli.Wrap(Needs.Program("script"))
            .WithArguments(["-qec", $"{Program} run --rm -t {fixture.Image} sh -c 'test -t 0 && test -t 1 && echo yes; exit 5'", "/dev/null"])
            .WithEnvironmentVariables(e => e.Set("GANTRY_ADDRESS", fixture.Daemon.Address))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);
        BufferedCommandResult none = await GantryAsync("run", "--rm", "-t", fixture.Image, "true");

        Assert.Equal(5, result.ExitCode);
        Assert.Contains("yes", result.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("not a terminal", none.StandardError, StringComparison.Ordinal);
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Output_of_a_detached_container_goes_where_it_was_sent()
    {
        using TempDirectory directory = new();
        await GantryAsync(
            "run", "-d", "--name", "logs", "--log-uri", $"file://{directory["log"]}", fixture.Image, "echo", "logged");

        await GantryAsync("stop", "logs");
        await GantryAsync("rm", "-f", "logs");

        Assert.Equal("logged\n", await File.ReadAllTextAsync(directory["log"], Token));
        await AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Images_are_listed_shown_and_removed()
    {
        BufferedCommandResult table = await GantryAsync("images");
        BufferedCommandResult json = await GantryAsync("images", "--format", "json");
        BufferedCommandResult inspect = await GantryAsync("inspect", fixture.Image);
        BufferedCommandResult absent = await GantryAsync("rmi", "example.test/absent:1");

        Assert.Matches(HeaderOfImages(), table.StandardOutput);
        using JsonDocument document = JsonDocument.Parse(json.StandardOutput);
        Assert.Contains(document.RootElement.EnumerateArray(), e => e.GetProperty("name").GetString() == fixture.Image);
        using JsonDocument shown = JsonDocument.Parse(inspect.StandardOutput);
        Assert.Equal("/bin/sh", shown.RootElement.GetProperty("Config").GetProperty("Cmd")[0].GetString());
        Assert.Equal(1, absent.ExitCode);
        Assert.Equal("gantry: image \"example.test/absent:1\": not found\n", absent.StandardError);
    }

    [Fact]
    public async Task Namespaces_plugins_and_version_are_shown()
    {
        Assert.Equal(0, (await GantryAsync("ns", "create", "by-hand", "a=b")).ExitCode);
        BufferedCommandResult list = await GantryAsync("namespaces", "ls", "-q");
        Assert.Equal(0, (await GantryAsync("namespaces", "rm", "by-hand")).ExitCode);
        BufferedCommandResult plugins = await GantryAsync("plugins", "--format", "json");
        BufferedCommandResult version = await GantryAsync("version");

        Assert.Contains("by-hand\n", list.StandardOutput, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(plugins.StandardOutput);
        Assert.Contains(document.RootElement.EnumerateArray(), e => e.GetProperty("id").GetString() == "overlayfs");
        Assert.Contains("Server:", version.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_shown_as_they_come()
    {
        TaskCompletionSource<string> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        CommandTask<CommandResult> events = Command("events", "--format", "json", "--filter", "topic==\"/namespaces/create\"")
            .WithStandardOutputPipe(PipeTarget.ToDelegate(line => seen.TrySetResult(line)))
            .ExecuteAsync(CancellationToken.None, stop.Token);

        for (int i = 0; !seen.Task.IsCompleted && i < 100; i++)
        {
            await GantryAsync("ns", "create", $"event{i}");
            await GantryAsync("ns", "rm", $"event{i}");
        }

        // Not SIGINT: what a shell starts in the background ignores it, and so would this.
        await Cli.Wrap("kill").WithArguments(["-TERM", $"{events.ProcessId}"]).ExecuteAsync(Token);
        CommandResult result = await events;
        using JsonDocument document = JsonDocument.Parse(await seen.Task);
        Assert.Equal("/namespaces/create", document.RootElement.GetProperty("topic").GetString());
        Assert.StartsWith("event", document.RootElement.GetProperty("event").GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("run", "--memory", "lots", "image")]
    [InlineData("run", "--cpus", "-1", "image")]
    [InlineData("run", "--name", "bad id", "image")]
    [InlineData("run", "--mount", "dst=relative", "image")]
    [InlineData("run", "--nonsense", "image")]
    [InlineData("run", "-d", "--rm", "image")]
    [InlineData("kill", "-s", "NOSUCH", "x")]
    [InlineData("pull", "UPPER CASE")]
    [InlineData("nonsense", "a", "b")]
    public async Task Bad_input_is_one_line_and_exit_code_1(params string[] arguments)
    {
        BufferedCommandResult result = await GantryAsync(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.StandardOutput);
        Assert.StartsWith("gantry: ", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", result.StandardError, StringComparison.Ordinal);
        Assert.Single(result.StandardError.TrimEnd('\n').Split('\n'));
    }

    [GeneratedRegex("^IMAGE +DIGEST +PLATFORM +CREATED +SIZE\n", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HeaderOfImages();

    private Command Command(params string[] arguments) => Cli.Wrap(Program)
        .WithArguments(arguments)
        .WithEnvironmentVariables(e => e.Set("GANTRY_ADDRESS", fixture.Daemon.Address))
        .WithValidation(CommandResultValidation.None);

    private async Task<BufferedCommandResult> GantryAsync(params string[] arguments) =>
        await Command(arguments).ExecuteBufferedAsync(Token);

    private async Task<BufferedCommandResult> PipeAsync(string input, params string[] arguments) =>
        await Command(arguments).WithStandardInputPipe(PipeSource.FromString(input)).ExecuteBufferedAsync(Token);

    /// <summary>No container, task, active snapshot or lease is left; tests of one daemon run one after another.</summary>
    private async Task AssertNothingLeftAsync()
    {
        NamespaceClient scope = fixture.Client.In(Namespace.Default);
        IReadOnlyList<ContainerRecord> containers = await scope.Containers.ListAsync([], Token);
        List<SnapshotInfo> active =
            await scope.Snapshots("overlayfs").ListAsync(["kind==active"], Token).ToListAsync(Token);
        Assert.Empty(containers);
        Assert.Empty(await scope.Tasks.ListAsync(Token));
        Assert.Empty(active);
        Assert.Empty(await scope.Leases.ListAsync([], Token));
        Assert.Empty(Directory.Exists("/run/gantry-io")
            ? Directory.EnumerateFileSystemEntries("/run/gantry-io", "*", SearchOption.AllDirectories)
                .Where(p => p.Contains("cant", StringComparison.Ordinal))
            : []);
    }
}
