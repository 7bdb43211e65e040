using System.Globalization;
using Gantry.Client;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Events;

/// <summary>
/// Subscribers that drop and resume while events are published and the daemon is killed. <c>GANTRY_REPLAY_EVENTS</c> (3000),
/// <c>GANTRY_REPLAY_WATCHERS</c> (10), <c>GANTRY_REPLAY_KILLS</c> (3) and <c>GANTRY_REPLAY_SEED</c> say how much of it.
/// </summary>
public sealed class ReplayTests
{
    private const int Publishers = 4;
    private const string Last = "/replay/last";
    private static readonly Namespace Ns = Namespace.Parse("replay");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_subscriber_sees_each_kept_event_once_and_in_order()
    {
        Needs.Root();
        int count = Settings.Number("GANTRY_REPLAY_EVENTS", 3000);
        int kills = Settings.Number("GANTRY_REPLAY_KILLS", 3);
        int seed = Settings.Number("GANTRY_REPLAY_SEED", Random.Shared.Next(1_000_000));
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        Watcher[] watchers =
        [
            .. Enumerable.Range(0, Settings.Number("GANTRY_REPLAY_WATCHERS", 10))
                .Select(i => new Watcher(daemon.Address, seed + i, $"namespace=={Ns}")),
        ];
        Task following = Task.WhenAll(watchers.Select(watcher => watcher.FollowAsync(Last, Token)));
        int acknowledged = 0;
        Task publishing = Task.WhenAll(Enumerable.Range(0, Publishers).Select(p => Task.Run(
            async () =>
            {
                await using GantryClient client = new(new GantryClientOptions { SocketPath = daemon.Address });
                for (int i = 0; i < count / Publishers; i++)
                {
                    await PublishAsync(client, $"/replay/p{p}/e{i}");
                    Interlocked.Increment(ref acknowledged);
                }
            },
            Token)));
        for (int kill = 1; kill <= kills; kill++)
        {
            int due = count / (kills + 1) * kill;
            await Poll.UntilAsync(() => publishing.IsCompleted || Volatile.Read(ref acknowledged) > due);
            await daemon.KillAsync();
            await daemon.StartAsync(Token);
        }

        await publishing;
        await using GantryClient reader = new(new GantryClientOptions { SocketPath = daemon.Address });
        await PublishAsync(reader, Last);
        await following.WaitAsync(TimeSpan.FromMinutes(5), Token);

        List<EventEnvelope> kept = [];
        await foreach (EventEnvelope envelope in reader.Events.Replay(
            new EventReplay(EventCursor.Earliest, [$"namespace=={Ns}"]), Token))
        {
            kept.Add(envelope);
        }

        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {kept.Count} events kept of {acknowledged} acknowledged, {kills} kills, {watchers.Length} subscribers that resumed {watchers.Sum(w => w.Resumed)} times"));
        Assert.Equal(count / Publishers * Publishers, kept.Select(it => it.Topic).Where(it => it != Last).Distinct(StringComparer.Ordinal).Count());
        ulong[] numbers = [.. kept.Select(it => it.Sequence)];
        Assert.Equal(numbers.Order(), numbers);
        Assert.All(watchers, watcher => Assert.Equal(numbers, watcher.Seen));
        Assert.Empty(await daemon.LeftoversAsync());
    }

    /// <summary>Publishes until a daemon has acknowledged it.</summary>
    private static async Task PublishAsync(GantryClient client, string topic)
    {
        while (true)
        {
            try
            {
                await client.Events.PublishAsync(Ns, topic, new TypedBytes("replay", new byte[64]), Token);
                return;
            }
            catch (GantryException failure) when (failure.Kind is ErrorKind.Unavailable or ErrorKind.Canceled)
            {
                // The daemon was killed; the event may have been kept all the same.
                await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
            }
        }
    }
}
