using CliWrap;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>A daemon that can't start says why in one line, exits with 1, and leaves nothing behind.</summary>
public sealed class StartRefusedTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Config => _directory["config.toml"];

    [Theory]
    [InlineData("version = 2\nroot = ", "config.toml:2: ")]
    [InlineData("version = 2\n[grpc]\nuid = \"me\"", "config.toml:3: key grpc.uid must be an integer")]
    [InlineData("version = 2\n[grpc]\nuid = -5", "config.toml:3: key grpc.uid must be between 0 and 2147483647")]
    [InlineData("version = 9", "config.toml:1: key version: version 9 is not supported, expected 1 to 4")]
    [InlineData("version = 2\nimports = [\"none.toml\"]", "config.toml:2: key imports: ")]
    [InlineData("version = 2\nimports = [\"/\"]", "config.toml:2: key imports: / can't be read: ")]
    [InlineData("version = 2\nrequired_plugins = [\"io.containerd.none.v1.none\"]", "required plugin io.containerd.none.v1.none is not there")]
    [InlineData("version = 2\n[plugins.\"io.containerd.gc.v1.scheduler\"]\nstartup_delay = 5", "startup_delay must be a string")]
    public async Task A_config_that_makes_no_sense_is_refused(string config, string expected)
    {
        await File.WriteAllTextAsync(Config, config, Token);

        BufferedCommandResult result = await StartAsync();

        AssertRefused(result, expected);
    }

    [Fact]
    public async Task An_address_on_which_another_daemon_answers_is_refused()
    {
        await using GantryDaemon other = await GantryDaemon.StartNewAsync();

        BufferedCommandResult result = await StartAsync("-a", other.Address);

        AssertRefused(result, $"socket {other.Address}: another daemon answers there");
        AssertNothingLeft();
        Assert.Equal(0, (await other.CtrAsync("version")).ExitCode);
    }

    [Fact]
    public async Task A_root_on_which_another_daemon_works_is_refused()
    {
        await using GantryDaemon other = await GantryDaemon.StartNewAsync();

        BufferedCommandResult result = await StartAsync("--root", other.Root);

        AssertRefused(result, $"root {other.Root}: another daemon works there");
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_socket_whose_path_is_too_long_is_refused()
    {
        BufferedCommandResult result = await StartAsync("-a", _directory[new string('x', 110)]);

        AssertRefused(result, "bytes are more than the 107 of a socket");
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_root_on_a_read_only_disk_is_refused()
    {
        Needs.Root();
        string disk = _directory["disk"];
        Directory.CreateDirectory(disk);
        await Cli.Wrap(Needs.Program("mount")).WithArguments(["-t", "tmpfs", "-o", "ro", "none", disk]).ExecuteAsync(Token);
        try
        {
            AssertRefused(await StartAsync("--root", disk), $"root {disk}: Read-only file system");
            AssertRefused(await StartAsync("--root", disk + "/below"), $"root {disk}/below: Read-only file system");
        }
        finally
        {
            await Cli.Wrap(Needs.Program("umount")).WithArguments([disk]).ExecuteAsync(CancellationToken.None);
        }

        Directory.Delete(disk);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_root_that_a_newer_gantry_has_written_is_refused_and_stays_as_it_is()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        await daemon.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(daemon.Root, "gantry.format"), "99\n", Token);
        IReadOnlyList<string> before = Files(daemon.Root);

        BufferedCommandResult result = await StartAsync("--root", daemon.Root);

        AssertRefused(result, $"root {daemon.Root} was written by a newer gantry: it has format 99, and this program knows ");
        Assert.Equal(before, Files(daemon.Root));
        AssertNothingLeft();
    }

    public void Dispose() => _directory.Dispose();

    private static IReadOnlyList<string> Files(string root) =>
    [
        .. Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Select(path => $"{path} {new FileInfo(path).LastWriteTimeUtc:O}")
            .Order(StringComparer.Ordinal),
    ];

    private async Task<BufferedCommandResult> StartAsync(params IReadOnlyList<string> flags)
    {
        Needs.Root();
        if (!File.Exists(Config))
        {
            await File.WriteAllTextAsync(Config, "version = 2", Token);
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        return await Cli.Wrap(Needs.Published("gantryd"))
            .WithArguments(["-c", Config, "--state", _directory["state"], .. Usual("--root", "root"), .. Usual("-a", "d.sock"), .. flags])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(limit.Token);

        string[] Usual(string flag, string name) => flags.Contains(flag, StringComparer.Ordinal) ? [] : [flag, _directory[name]];
    }

    /// <summary>One line says why; all else on its output is its log, in which nothing is an error.</summary>
    private static void AssertRefused(BufferedCommandResult result, string expected)
    {
        string[] lines = result.StandardError.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string line = Assert.Single(lines, line => !line.StartsWith("time=", StringComparison.Ordinal));
        Assert.StartsWith("gantryd: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("level=error", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    private void AssertNothingLeft() =>
        Assert.Equal([Config], Directory.EnumerateFileSystemEntries(_directory.Path));
}
