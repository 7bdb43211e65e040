using System.Diagnostics;
using System.Globalization;
using Gantry.Client;
using Gantry.Core.Collection;
using Gantry.Core.Namespaces;

namespace Gantry.Bench;

/// <summary>One daemon with very many objects: how long lists, single calls and collections take, and what waits.</summary>
internal sealed class ScaleBench(GantryClient client, string pid)
{
    private const int Removable = 2000;
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

        for (int quarter = 0; quarter < 4; quarter++)
        {
            int q = quarter;
            Say($"{snapshots / 4} snapshots", await Filler.RunAsync(
                snapshots / 4, i => _scope.Snapshots("overlayfs").PrepareAsync($"s{q}-{i}", "", kept, default)));
        }

        for (int quarter = 0; quarter < 4; quarter++)
        {
            int q = quarter;
            Say($"{containers / 4} containers", await Filler.RunAsync(
                containers / 4, i => _scope.Containers.CreateAsync(Filler.Container($"c{q}-{i}"), default)));
        }

        await TimeAsync("walk blobs", async () => await CountAsync(_scope.Content.ListAsync([], default)));
        await TimeAsync("walk snapshots", async () => await CountAsync(_scope.Snapshots("overlayfs").ListAsync([], default)));
        await TimeAsync("list containers", async () => await _scope.Containers.ListAsync([], default));
        await TimeAsync("get a container", () => _scope.Containers.GetAsync("c0-0", default));
        await TimeAsync("create a container", () => _scope.Containers.CreateAsync(Filler.Container("one"), default));
        await TimeAsync("delete a container", () => _scope.Containers.DeleteAsync("one", default));
        await CollectAsync("collect, nothing to remove");
        await Filler.RunAsync(Removable, i => Filler.BlobAsync(_scope, blobs + i, Filler.NoLabels));
        await CollectAsync($"collect, up to {Removable} blobs to remove");
        Say($"memory: {Status("VmRSS")}, at its peak {Status("VmHWM")}");
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

    /// <summary>Collects, while others call: how long their longest call takes, beside the same without a collection.</summary>
    private async Task CollectAsync(string what)
    {
        (double median, double longest) quiet = await ProbeAsync(Task.Delay(TimeSpan.FromSeconds(3)));
        long start = Stopwatch.GetTimestamp();
        Task<CollectionReport> collection = client.Collector.CollectAsync(default);
        (double median, double longest) busy = await ProbeAsync(collection);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        CollectionReport report = await collection;
        Say(what, took);
        Say($"  {report.Objects} objects, removed {string.Join(", ", report.Removed.Select(r => $"{r.Count} {r.Kind}"))}");
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"  a call beside it: median {busy.median:0.0} ms, longest {busy.longest:0.0} ms (at rest {quiet.median:0.0}, {quiet.longest:0.0})"));
    }

    private async Task<(double Median, double Longest)> ProbeAsync(Task until)
    {
        List<double> times = [];
        do
        {
            foreach (Func<Task> call in (Func<Task>[])
            [
                () => _scope.Containers.GetAsync("c0-0", default),
                () => _scope.Leases.CreateAsync("probe", Filler.NoLabels, default),
                () => _scope.Leases.DeleteAsync("probe", synchronous: false, default),
            ])
            {
                long start = Stopwatch.GetTimestamp();
                await call();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        while (!until.IsCompleted);
        times.Sort();
        return (times[times.Count / 2], times[^1]);
    }

    private string Status(string field) =>
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(field, StringComparison.Ordinal))[(field.Length + 1)..].Trim();
}
