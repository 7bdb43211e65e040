using Xunit;

namespace Gantry.Archive.Tests.Diff;

/// <summary>
/// What a difference says is what makes one tree the other. Random trees; <c>GANTRY_ROUNDS</c> and <c>GANTRY_SEED</c>
/// make more of them.
/// </summary>
public sealed class RoundTripTests
{
    private const int DefaultRounds = 12;

    private static readonly int Rounds =
        int.TryParse(Environment.GetEnvironmentVariable("GANTRY_ROUNDS"), out int rounds) ? rounds : DefaultRounds;

    private static readonly int FirstSeed =
        int.TryParse(Environment.GetEnvironmentVariable("GANTRY_SEED"), out int seed) ? seed : 1;

    [Fact]
    public async Task A_difference_applied_to_what_was_before_gives_what_is_now()
    {
        for (int seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            using OverlayFixture fixture = new();
            RandomTree random = new(seed);
            random.Change(fixture.Base, 150);
            random.Change(fixture.Lower, 50);
            fixture.MountBefore();
            fixture.Mount();
            random.Change(fixture.Merged, 10 + (seed % 5 * 20));
            IReadOnlyList<string> expected = LinkTree.Describe(fixture.Merged);

            byte[] walked = await fixture.WriteChangesAsync();
            byte[]? upper = await fixture.TryWriteUpperAsync();

            Assert.NotNull(upper);
            AssertSame(expected, await fixture.ApplyToCopyAsync(walked), $"double walk, seed {seed}");
            AssertSame(expected, await fixture.ApplyToCopyAsync(upper), $"upper directory, seed {seed}");
            AssertSame(expected, await fixture.ApplyToUpperAsync(upper), $"applied to an upper directory, seed {seed}");
        }
    }

    private static void AssertSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string what)
    {
        string[] missing = [.. expected.Except(actual, StringComparer.Ordinal)];
        string[] added = [.. actual.Except(expected, StringComparer.Ordinal)];
        Assert.True(
            missing.Length + added.Length == 0,
            $"{what}\nmissing:\n{string.Join('\n', missing)}\ntoo much:\n{string.Join('\n', added)}");
    }
}
