using System.Globalization;
using Xunit;

namespace Gantry.Storage.Tests.Gc;

/// <summary>
/// Random operations on content, snapshots, images, leases, containers and the collector leave the store as a simple
/// model says. <c>GANTRY_PROPERTY_ROUNDS</c> makes it long, <c>GANTRY_PROPERTY_SEED</c> repeats one sequence.
/// </summary>
public sealed class StorePropertyTests
{
    private const int OperationsPerRound = 150;

    [Fact]
    public async Task Random_operations_leave_what_the_model_says()
    {
        int rounds = Number("GANTRY_PROPERTY_ROUNDS") ?? 8;
        int first = Number("GANTRY_PROPERTY_SEED") ?? (rounds > 100 ? Environment.TickCount & 0xffffff : 1);
        for (int seed = first; seed < first + rounds; seed++)
        {
            await using StoreSequence sequence = await StoreSequence.OpenAsync(seed);
            await sequence.RunAsync(OperationsPerRound);
        }
    }

    private static int? Number(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;
}
