using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// Debian's ctr does the same on Gantry as on containerd: each script of Scripts/ runs on both, on containerd first, and
/// what it prints, exit codes among it, must be the same but for what differs from run to run. Afterwards neither has
/// left anything.
/// </summary>
[Collection(ImagesCollection.Name)]
public sealed class CtrDifferentialTests(Images images, CtrDifferentialTests.Daemons daemons)
    : IClassFixture<CtrDifferentialTests.Daemons>
{
    public static TheoryData<string> Scripts()
    {
        TheoryData<string> data = new();
        foreach (string file in Directory.EnumerateFiles(ScriptDirectory, "*.sh").Order(StringComparer.Ordinal))
        {
            data.Add(Path.GetFileNameWithoutExtension(file));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_of_ctr_shows_the_same_on_both(string script)
    {
        HashSet<string> before = new(
            daemons.Reference.Ingests().Concat(daemons.Gantry.Ingests()), StringComparer.Ordinal);

        string expected = await RunAsync(script, daemons.Reference);
        string actual = await RunAsync(script, daemons.Gantry);

        Assert.True(
            string.Equals(expected, actual, StringComparison.Ordinal),
            $"{script} differs\n--- containerd\n{expected}\n--- gantry\n{actual}\n{daemons.Gantry.Tail()}");
        Assert.Empty(await daemons.Reference.LeftoversAsync(MayStay));
        Assert.Empty(await daemons.Gantry.LeftoversAsync(MayStay));

        // ctr has no way to throw a failed ingest away; it stays, to be gone on with, until it expires.
        bool MayStay(string left) =>
            before.Contains(left) || (script == "content" && left.StartsWith("ingest ", StringComparison.Ordinal));
    }

    private static string ScriptDirectory => Path.Combine(AppContext.BaseDirectory, "Scripts");

    private async Task<string> RunAsync(string script, PrivateDaemon daemon)
    {
        using TempDirectory work = new();
        BufferedCommandResult result = await daemon.RunAsync(
            "/bin/bash",
            ["-c", "exec timeout 100 bash \"$0\" 2>&1", Path.Combine(ScriptDirectory, script + ".sh")],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["REGISTRY"] = images.Registry,
                ["IMAGE"] = images.Busybox,
                ["LAYERED_IMAGE"] = images.Layered,
                ["INDEX_IMAGE"] = images.Index,
                ["DOCKER_IMAGE"] = images.Docker,
                ["WORK"] = work.Path,
            });

        return Transcript.Normalise(result.StandardOutput, daemon);
    }

    /// <summary>The two daemons.</summary>
    public sealed class Daemons : IAsyncLifetime
    {
        private ContainerdDaemon? _reference;
        private GantryDaemon? _gantry;

        public ContainerdDaemon Reference => _reference!;

        public GantryDaemon Gantry => _gantry!;

        public async ValueTask InitializeAsync()
        {
            _reference = await ContainerdDaemon.StartNewAsync();
            _gantry = await GantryDaemon.StartNewAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_gantry is not null)
            {
                await _gantry.DisposeAsync();
            }

            if (_reference is not null)
            {
                await _reference.DisposeAsync();
            }
        }
    }
}
