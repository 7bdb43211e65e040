using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// The same gRPC calls, bad ones above all, have the same outcome on Gantry as on containerd: the answer, or the code
/// and the text of the error. The calls are the tables in Calls/; what differs on purpose is said there.
/// </summary>
public sealed class RawCallTests(RawCallTests.Daemons daemons) : IClassFixture<RawCallTests.Daemons>
{
    public static TheoryData<string> Tables()
    {
        TheoryData<string> data = new();
        foreach (string file in Directory.EnumerateFiles(TableDirectory, "*.calls").Order(StringComparer.Ordinal))
        {
            data.Add(Path.GetFileNameWithoutExtension(file));
        }

        return data;
    }

    private static string TableDirectory => Path.Combine(AppContext.BaseDirectory, "Calls");

    [Theory]
    [MemberData(nameof(Tables))]
    public Task A_table_of_calls_has_the_same_outcome_on_both(string table) => CompareAsync(daemons, table);

    /// <summary>Makes the calls of a table on both daemons.</summary>
    internal static async Task CompareAsync(Daemons daemons, string table)
    {
        string[] lines = await File.ReadAllLinesAsync(
            Path.Combine(TableDirectory, table + ".calls"), TestContext.Current.CancellationToken);
        await using RawCalls reference = new(daemons.Reference);
        await using RawCalls gantry = new(daemons.Gantry);

        List<CallOutcome> expected = await reference.RunAsync(lines, Path.GetFileName(table), TestContext.Current.CancellationToken);
        List<CallOutcome> actual = await gantry.RunAsync(lines, Path.GetFileName(table), TestContext.Current.CancellationToken);

        string differences = CallOutcome.Differences(expected, actual);
        Assert.True(differences.Length == 0, differences);
    }

    /// <summary>The two daemons. Neither collects garbage but when a call asks for it.</summary>
    public class Daemons : IAsyncLifetime
    {
        private ContainerdDaemon? _reference;
        private GantryDaemon? _gantry;

        public ContainerdDaemon Reference => _reference!;

        public GantryDaemon Gantry => _gantry!;

        /// <summary>More lines of both configurations.</summary>
        protected virtual string Config => "";

        public async ValueTask InitializeAsync()
        {
            _reference = await ContainerdDaemon.StartNewAsync(
                config: $"""
                {Config}
                [plugins."io.containerd.gc.v1.scheduler"]
                  deletion_threshold = 1000000
                  mutation_threshold = 0
                  startup_delay = "0s"
                """);
            _gantry = await GantryDaemon.StartNewAsync(
                $"""
                {Config}
                [plugins."io.containerd.gc.v1.scheduler"]
                  mutation_threshold = 0
                  schedule_delay = "100h"
                  startup_delay = "0s"
                """);
        }

        public async ValueTask DisposeAsync()
        {
            GC.SuppressFinalize(this);
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
