using System.Globalization;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Durability.Tests.Load;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Upkeep;

/// <summary>The commands doctor, df, backup and rebuild, as an operator uses them.</summary>
public sealed class UpkeepCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Doctor_finds_a_spoiled_blob_sets_it_aside_and_a_pull_fetches_it_again()
    {
        Needs.Root();
        await using RegistryServer registry = await RegistryServer.StartAsync(cancellationToken: Token);
        using TempDirectory directory = new();
        string image = (await Puller.PushImagesAsync(registry, directory["layout"], Token))[0];
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        await OkAsync(daemon.GantryAsync("pull", "--plain-http", image));
        await OkAsync(daemon.GantryAsync("doctor"));
        string blobs = Path.Combine(daemon.Root, "io.containerd.content.v1.content", "blobs", "sha256");
        FileInfo largest = new DirectoryInfo(blobs).GetFiles().MaxBy(file => file.Length)!;
        SpoiledFile.Flip(largest.FullName, largest.Length / 2);

        BufferedCommandResult found = await daemon.GantryAsync("doctor", "--json");
        BufferedCommandResult repaired = await daemon.GantryAsync("doctor", "--repair");
        BufferedCommandResult pulled = await daemon.GantryAsync("pull", "--plain-http", image);
        BufferedCommandResult after = await daemon.GantryAsync("doctor");

        Assert.Equal(1, found.ExitCode);
        string line = Assert.Single(
            found.StandardOutput.Split('\n'), text => text.Contains("\"error\"", StringComparison.Ordinal));
        using JsonDocument finding = JsonDocument.Parse(line);
        Assert.Equal("sha256:" + largest.Name, finding.RootElement.GetProperty("subject").GetString());
        Assert.Contains("1 repaired", repaired.StandardOutput, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(daemon.Root, "quarantine", "sha256-" + largest.Name)));
        Assert.True(pulled.ExitCode == 0, pulled.StandardError);
        Assert.True(after.ExitCode == 0, after.StandardOutput);
        Assert.True(File.Exists(largest.FullName));
    }

    [Fact]
    public async Task Df_counts_as_du_does_and_backup_makes_a_database()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        await daemon.CtrOkAsync("namespaces", "create", "one");
        using TempDirectory directory = new();

        BufferedCommandResult df = await OkAsync(daemon.GantryAsync("df", "--json"));
        await OkAsync(daemon.GantryAsync("df", "-v"));
        await OkAsync(daemon.GantryAsync("backup", directory["copy.db"]));
        BufferedCommandResult again = await daemon.GantryAsync("backup", directory["copy.db"]);

        using JsonDocument report = JsonDocument.Parse(df.StandardOutput);
        long total = report.RootElement.GetProperty("areas").EnumerateArray()
            .Sum(area => area.GetProperty("bytes").GetInt64());
        BufferedCommandResult du = await Cli.Wrap("du").WithArguments(["-sx", "-B1", daemon.Root]).ExecuteBufferedAsync(Token);
        long wanted = long.Parse(du.StandardOutput.Split('\t')[0], CultureInfo.InvariantCulture);
        // The database's log may have grown by a commit between the two.
        Assert.InRange(total, wanted - 65536, wanted + 65536);
        Assert.StartsWith(
            "SQLite format 3",
            System.Text.Encoding.ASCII.GetString(await File.ReadAllBytesAsync(directory["copy.db"], Token)),
            StringComparison.Ordinal);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("already exists", again.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_whose_database_is_spoiled_says_so_and_a_rebuild_brings_its_blobs_back()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        string file = Path.Combine(daemon.Home, "blob");
        await File.WriteAllTextAsync(file, "a blob", Token);
        string digest = Digest.OfBytes("a blob"u8).ToString();
        await OkAsync(Cli.Wrap(Needs.Program("ctr"))
            .WithArguments(["-a", daemon.Address, "content", "ingest", "--expected-digest", digest, "ref"])
            .WithStandardInputPipe(PipeSource.FromFile(file))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token));
        await daemon.StopAsync();
        string database = Path.Combine(daemon.Root, "io.containerd.metadata.v1.bolt", "gantry.db");
        SpoiledFile.Flip(database, 0, 100);

        BufferedCommandResult start = await GantrydAsync(
            "--root", daemon.Root, "--state", daemon.State, "-a", daemon.Address);
        BufferedCommandResult doctor = await GantrydAsync("doctor", daemon.Root, "--state", daemon.State, "--repair");
        BufferedCommandResult rebuild = await GantrydAsync("rebuild", daemon.Root);

        Assert.Equal(1, start.ExitCode);
        Assert.Contains("gantryd rebuild " + daemon.Root, start.StandardError, StringComparison.Ordinal);
        Assert.Contains("data loss", start.StandardError, StringComparison.Ordinal);
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains("gantryd rebuild", doctor.StandardOutput + doctor.StandardError, StringComparison.Ordinal);
        Assert.True(rebuild.ExitCode == 0, rebuild.StandardError);
        await daemon.StartAsync(Token);
        Assert.Contains(digest, await daemon.CtrOkAsync("content", "ls"), StringComparison.Ordinal);
        await OkAsync(daemon.GantryAsync("doctor"));
        await OkAsync(daemon.GantryAsync("doctor"));
    }

    [Fact]
    public async Task A_daemon_with_a_spoiled_page_lives_and_tells_what_it_can_not_read()
    {
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        for (int i = 0; i < 60; i++)
        {
            await daemon.CtrOkAsync("namespaces", "create", $"ns{i}", $"text={new string('x', 3000)}");
        }

        await daemon.StopAsync();
        string database = Path.Combine(daemon.Root, "io.containerd.metadata.v1.bolt", "gantry.db");
        SpoiledFile.Flip(database, new FileInfo(database).Length - (4096 * 20), 4096 * 20);
        await daemon.StartAsync(Token);

        BufferedCommandResult list = await daemon.CtrAsync("namespaces", "ls");
        BufferedCommandResult doctor = await daemon.GantryAsync("doctor");

        Assert.NotEqual(0, list.ExitCode);
        Assert.Contains("data loss", list.StandardError, StringComparison.Ordinal);
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains("gantryd rebuild", doctor.StandardOutput, StringComparison.Ordinal);
        await daemon.CtrOkAsync("version");
    }

    private static async Task<BufferedCommandResult> OkAsync(Task<BufferedCommandResult> run)
    {
        BufferedCommandResult result = await run;
        Assert.True(result.ExitCode == 0, result.StandardOutput + result.StandardError);
        return result;
    }

    private static async Task<BufferedCommandResult> OkAsync(CommandTask<BufferedCommandResult> run) =>
        await OkAsync(run.Task);

    private static async Task<BufferedCommandResult> GantrydAsync(params IReadOnlyList<string> arguments) =>
        await Cli.Wrap(Path.Combine(GantryDaemon.BinDirectory, "gantryd"))
            .WithArguments(arguments)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);
}
