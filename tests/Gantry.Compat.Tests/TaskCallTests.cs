using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// Every call of the tasks service, in every state of a task and of a further process, has the same outcome on Gantry as on
/// containerd, and the same events come of it in the same order. The calls are the tables in Calls/Tasks/.
/// </summary>
public sealed class TaskCallTests
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

    private static string TableDirectory => Path.Combine(AppContext.BaseDirectory, "Calls", "Tasks");

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_table_of_calls_has_the_same_outcome_on_both(string table)
    {
        string[] lines = await File.ReadAllLinesAsync(
            Path.Combine(TableDirectory, table + ".calls"), TestContext.Current.CancellationToken);

        List<CallOutcome> expected;
        await using (ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync())
        {
            await using RawCalls calls = new(containerd);
            expected = await calls.RunAsync(lines, NamespaceOf(containerd), TestContext.Current.CancellationToken);
        }

        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        List<CallOutcome> actual;
        await using (RawCalls calls = new(gantry))
        {
            actual = await calls.RunAsync(lines, NamespaceOf(gantry), TestContext.Current.CancellationToken);
        }

        string differences = CallOutcome.Differences(expected, actual);
        Assert.True(differences.Length == 0, $"{differences}\n{gantry.Tail()}");
        Assert.Empty(await gantry.LeftoversAsync());
    }

    /// <summary>A name of its own: what containerd's shim keeps of a task goes by that and is the machine's.</summary>
    private static string NamespaceOf(PrivateDaemon daemon) => Path.GetFileName(daemon.Home);
}
