using System.Globalization;
using CliWrap.Buffered;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Events;
using Gantry.Core.Leases;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Pulls;

/// <summary>
/// Interrupts pulls at random points. <c>GANTRY_PULL_INTERRUPTIONS</c> says how often (9), <c>GANTRY_PULL_SEED</c> repeats a
/// run as far as chance goes.
/// </summary>
public sealed class PullTests
{
    private const int Clients = 20;
    private const string End = "/test/end";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_that_was_interrupted_goes_on_where_it_was_and_leaves_nothing()
    {
        Needs.Root();
        int interruptions = Settings.Number("GANTRY_PULL_INTERRUPTIONS", 9);
        int seed = Settings.Number("GANTRY_PULL_SEED", Random.Shared.Next(1_000_000));
        Random random = new(seed);
        await using PullArena arena = await PullArena.StartAsync();
        (int kept, int completed) = (0, 0);
        for (int round = 0; round < interruptions; round++)
        {
            Interruption how = (Interruption)(round % 3);
            string because = $"seed {seed}, round {round}, {how}";
            PulledImage image = arena.MakeImage($"r{round}");
            int request = random.Next(1, PullArena.Requests + 1);
            TimeSpan after = TimeSpan.FromMilliseconds(random.Next(60));

            BufferedCommandResult first = await arena.InterruptAsync(image.Name, how, request, after, Token);
            completed += first.ExitCode == 0 ? 1 : 0;
            kept += await VerifyAsync(arena, image, how, first.ExitCode == 0, because);
        }

        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {interruptions} interruptions, {completed} too late, {kept} layers kept from them, none fetched twice"));
        Assert.True(interruptions < 9 || kept > 0, $"seed {seed}: no interrupted pull had fetched a layer");
    }

    [Fact]
    public async Task Many_clients_that_pull_the_same_image_at_once_fetch_each_blob_and_unpack_each_layer_once()
    {
        Needs.Root();
        await using PullArena arena = await PullArena.StartAsync();
        PulledImage image = arena.MakeImage("shared");
        NamespaceClient scope = arena.Open(out GantryClient client);
        using (client)
        {
            Task<int> prepared = CountUntilEndAsync(client);

            BufferedCommandResult[] results = await Task.WhenAll(
                Enumerable.Range(0, Clients).Select(_ => arena.PullAsync(image.Name)));

            await client.Events.PublishAsync(Namespace.Default, End, new TypedBytes("google.protobuf.Empty", default), Token);
            Assert.All(results, result => Assert.True(result.ExitCode == 0, result.StandardError));
            Assert.All(image.Layers, layer => Assert.Equal(1, arena.Registry.Fetches(layer)));
            Assert.Equal(image.Layers.Count, await prepared);
            await client.Collector.CollectAsync(Token);
            Assert.Empty(await arena.LeftoversAsync(scope, Token));
            SnapshotInfo top = await scope.Snapshots("overlayfs").StatAsync(image.Top.ToString(), Token);
            Assert.Equal(SnapshotKind.Committed, top.Kind);
        }
    }

    /// <summary>How many snapshots are prepared before the end is told.</summary>
    private static async Task<int> CountUntilEndAsync(GantryClient client)
    {
        int count = 0;
        await foreach (EventEnvelope told in client.Events.Subscribe(["topic==\"/snapshot/prepare\"", $"topic==\"{End}\""], Token))
        {
            if (told.Topic == End)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>How many layers the interrupted pull had fetched.</summary>
    private static async Task<int> VerifyAsync(
        PullArena arena, PulledImage image, Interruption how, bool completed, string because)
    {
        NamespaceClient scope = arena.Open(out GantryClient client);
        using (client)
        {
            IReadOnlyList<Lease> leases = await scope.Leases.ListAsync([], Token);
            Assert.True(how != Interruption.ClientInterrupted || leases.Count == 0, $"{because}: a lease is left");

            HashSet<Digest> whole = await PullArena.BlobsAsync(scope, Token);
            Dictionary<Digest, int> fetched = image.Layers.ToDictionary(layer => layer, arena.Registry.Fetches);
            BufferedCommandResult again = await arena.PullAsync(image.Name);
            Assert.True(again.ExitCode == 0, $"{because}: {again.StandardError}\n{arena.Daemon.Tail()}");
            List<Digest> kept = [.. image.Layers.Where(whole.Contains)];
            Assert.All(kept, layer => Assert.True(
                arena.Registry.Fetches(layer) == fetched[layer], $"{because}: {layer} was there and was fetched again"));
            Assert.True(!completed || kept.Count == image.Layers.Count, because);

            SnapshotInfo top = await scope.Snapshots("overlayfs").StatAsync(image.Top.ToString(), Token);
            Assert.Equal(SnapshotKind.Committed, top.Kind);
            await PullArena.EndLeasesAsync(scope, Token);
            await scope.Images.DeleteAsync(image.Name, synchronous: true, target: null, Token);
            await client.Collector.CollectAsync(Token);
            List<string> left = await arena.LeftoversAsync(scope, Token);
            Assert.True(left.Count == 0, $"{because}: {string.Join(", ", left)}");
            Assert.Empty(await PullArena.BlobsAsync(scope, Token));
            return kept.Count;
        }
    }
}
