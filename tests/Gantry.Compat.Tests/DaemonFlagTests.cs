using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The command line of gantryd: what is asked for is done, and what makes no sense is refused before anything is.</summary>
public sealed class DaemonFlagTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--version=1", "gantryd gantry ")]
    [InlineData("--version=0", "version = 4")]
    [InlineData("-version=false", "version = 4")]
    public async Task A_switch_is_as_it_is_said_to_be(string flag, string expected)
    {
        BufferedCommandResult result = await RunAsync("config", "default", flag);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(expected, result.StandardOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("invalid boolean value \"maybe\" for -repair", "doctor", "--repair=maybe", "/none")]
    [InlineData("flag provided but not defined: -dry-run", "doctor", "--dry-run", "--repair", "/none")]
    [InlineData("flag provided but not defined: -repair", "-c", "/none", "--repair")]
    [InlineData("flag provided but not defined: -namespace", "config", "default", "--namespace", "x")]
    [InlineData("root required", "doctor", "")]
    [InlineData("root required", "rebuild", "")]
    [InlineData("root required", "adopt", "")]
    [InlineData("directory required", "man", "")]
    [InlineData("file required", "config", "check", "")]
    public async Task What_makes_no_sense_is_said_in_one_line(string expected, params string[] arguments)
    {
        BufferedCommandResult result = await RunAsync(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"gantryd: {expected}", Assert.Single(result.StandardError.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal("", result.StandardOutput);
    }

    [Fact]
    public async Task An_empty_file_name_is_none()
    {
        BufferedCommandResult result = await RunAsync("-c", "", "config", "check");

        Assert.Equal("", result.StandardError);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task A_dump_reads_as_what_was_dumped()
    {
        string config = _directory["c.toml"];
        await File.WriteAllTextAsync(config, "version = 2\nimports = [\"b.toml\"]\nroot = \"/a\"", Token);
        await File.WriteAllTextAsync(_directory["b.toml"], "version = 2\nroot = \"/b\"", Token);

        string dump = (await RunAsync("-c", config, "--root", "/c", "config", "dump")).StandardOutput;
        await File.WriteAllTextAsync(config, dump, Token);
        BufferedCommandResult again = await RunAsync("-c", config, "config", "dump");

        Assert.Contains("\nroot = \"/c\"\n", dump, StringComparison.Ordinal);
        Assert.Equal(dump, again.StandardOutput);
    }

    [Fact]
    public async Task An_event_is_published_to_the_address_that_is_given_whatever_the_configuration_is()
    {
        string config = _directory["c.toml"];
        await File.WriteAllTextAsync(config, "root = 5", Token);

        BufferedCommandResult result = await RunAsync(
            "-c", config, "--address", _directory["d.sock"], "publish", "--topic", "/t", "--namespace", "n");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"connect {_directory["d.sock"]}.ttrpc: ", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_is_published_to_the_configured_socket_for_shims()
    {
        string config = _directory["c.toml"];
        await File.WriteAllTextAsync(config, $"version = 2\n[ttrpc]\naddress = \"{_directory["t.sock"]}\"", Token);

        BufferedCommandResult result = await RunAsync("-c", config, "publish", "--topic", "/t", "--namespace", "n");

        Assert.Contains($"connect {_directory["t.sock"]}: ", result.StandardError, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<BufferedCommandResult> RunAsync(params IReadOnlyList<string> arguments) =>
        await Cli.Wrap(Needs.Published("gantryd"))
            .WithArguments(arguments)
            .WithEnvironmentVariables(variables => variables.Set("TTRPC_ADDRESS", null))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);
}
