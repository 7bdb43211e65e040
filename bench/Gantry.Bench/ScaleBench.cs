using System.Diagnostics;
using System.Globalization;
using Gantry.Client;
using Gantry.Core.Collection;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Bench;

/// <summary>One daemon with very many objects: how long lists, single calls and collections take, and what waits.</summary>
internal sealed class ScaleBench(GantryClient client, string pid)
{
    private const int Removable = 2000;
    private const int CollectRounds = 5;
    private readonly NamespaceClient _scope = client.In(Namespace.Parse("scale"));

    public async Task RunAsync(int blobs, int snapshots, int containers)
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal) { ["containerd.io/gc.root"] = "1" };

        // In quarters: a step that grows faster than its work shows.
        for (int quarter = 0; quarter < 4; quarter++)
        {
            int q = quarter;
            Say($"{blobs / 4} blobs", await Filler.RunAsync(blobs / 4, i => Filler.BlobAsync(_scope, (q * blobs / 4) + i, kept)));
        }

        SayMemory();
        for (int quarter = 0; quarter < 4; quarter++)
        {
            int q = quarter;
            Say($"{snapshots / 4} snapshots", await Filler.RunAsync(
                snapshots / 4, i => _scope.Snapshots("overlayfs").PrepareAsync($"s{q}-{i}", "", kept, default)));
        }

        SayMemory();
        for (int quarter = 0; quarter < 4; quarter++)
        {
            int q = quarter;
            Say($"{containers / 4} containers", await Filler.RunAsync(
                containers / 4, i => _scope.Containers.CreateAsync(Filler.Container($"c{q}-{i}"), default)));
        }

        SayMemory();
        await TimeAsync("walk blobs", async () => await CountAsync(_scope.Content.ListAsync([], default)));
        await TimeAsync("walk snapshots", async () => await CountAsync(_scope.Snapshots("overlayfs").ListAsync([], default)));
        await TimeAsync("list containers", async () => await _scope.Containers.ListAsync([], default));
        await TimeAsync("get a container", () => _scope.Containers.GetAsync("c0-0", default));
        await TimeAsync("create a container", () => _scope.Containers.CreateAsync(Filler.Container("one"), default));
        await TimeAsync("delete a container", () => _scope.Containers.DeleteAsync("one", default));
        SayMemory();
        await CollectAsync("collect, nothing to remove", _ => Task.CompletedTask);
        await CollectAsync($"collect, {Removable} leases and images to remove", PrepareRemovableAsync);
        SayMemory();
    }

    /// <summary>Makes records that expire at once.</summary>
    private async Task PrepareRemovableAsync(int round)
    {
        Dictionary<string, string> expired = new(StringComparer.Ordinal) { ["containerd.io/gc.expire"] = "2020-01-01T00:00:00Z" };
        await Filler.RunAsync(Removable, i => i % 2 == 0
            ? _scope.Leases.CreateAsync($"old-{round}-{i}", expired, default)
            : _scope.Images.CreateAsync(Filler.Image($"old-{round}-{i}", Digest.OfBytes("target"u8)) with { Labels = expired }, default));
    }

    private static async Task<int> CountAsync<T>(IAsyncEnumerable<T> items)
    {
        int count = 0;
        await foreach (T _ in items)
        {
            count++;
        }

        return count;
    }

    private static void Say(string what) => Console.WriteLine(what);

    private static void Say(string what, TimeSpan took) =>
        Say(string.Create(CultureInfo.InvariantCulture, $"{what,-40}{took.TotalMilliseconds,12:0.0} ms"));

    private static async Task TimeAsync(string what, Func<Task> action)
    {
        List<TimeSpan> times = [];
        for (int i = 0; i < (what.Contains(" a ", StringComparison.Ordinal) && what[0] != 'g' ? 1 : 5); i++)
        {
            long start = Stopwatch.GetTimestamp();
            await action();
            times.Add(Stopwatch.GetElapsedTime(start));
        }

        times.Sort();
        Say(what, times[times.Count / 2]);
    }

    /// <summary>
    /// Collects, while others call: how long their calls take, beside the same without a collection, in turn.
    /// </summary>
    /// <param name="what">What there is to collect.</param>
    /// <param name="prepare">Makes it so, before each round.</param>
    private async Task CollectAsync(string what, Func<int, Task> prepare)
    {
        List<double> quiet = [];
        List<double> busy = [];
        TimeSpan took = TimeSpan.Zero;
        CollectionReport? report = null;
        for (int round = 0; round < CollectRounds; round++)
        {
            await prepare(round);
            long start = Stopwatch.GetTimestamp();
            Task<CollectionReport> collection = client.Collector.CollectAsync(default);
            await ProbeAsync(collection, busy);
            took += Stopwatch.GetElapsedTime(start);
            report = await collection;
            await ProbeAsync(Task.Delay(took / (round + 1)), quiet);
        }

        Say(what, took / CollectRounds);
        Say($"  {report!.Objects} objects, removed {string.Join(", ", report.Removed.Select(r => $"{r.Count} {r.Kind}"))}");
        Say($"  calls beside it: {Latencies(busy)}");
        Say($"  calls without:   {Latencies(quiet)}");
        Say(string.Create(
            CultureInfo.InvariantCulture, $"  longest delay by it: {Math.Max(busy[^1] - quiet[^1], 0):0.0} ms"));
    }

    private static string Latencies(List<double> times)
    {
        times.Sort();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"median {times[times.Count / 2]:0.00} ms, 99 of 100 {times[times.Count * 99 / 100]:0.0} ms, longest {times[^1]:0.0} ms, {times.Count} calls");
    }

    /// <summary>A steady stream of calls that read and that write, one after the other.</summary>
    private async Task ProbeAsync(Task until, List<double> times)
    {
        do
        {
            foreach (Func<Task> call in (Func<Task>[])
            [
                () => _scope.Containers.GetAsync("c0-0", default),
                () => _scope.Leases.CreateAsync("probe", Filler.NoLabels, default),
                () => _scope.Snapshots("overlayfs").StatAsync("s0-0", default),
                () => _scope.Leases.DeleteAsync("probe", synchronous: false, default),
            ])
            {
                long start = Stopwatch.GetTimestamp();
                await call();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        while (!until.IsCompleted);
    }

    private void SayMemory() => Say(
        $"  memory: {Status("VmRSS")}, of it {Status("RssFile")} of files; at its peak so far {Status("VmHWM")}");

    private string Status(string field) =>
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(field, StringComparison.Ordinal))[(field.Length + 1)..].Trim();
}
