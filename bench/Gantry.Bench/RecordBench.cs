using System.Diagnostics;
using System.Globalization;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Bench;

/// <summary>Records made and removed per second, and long lists, on two daemons in turn.</summary>
internal sealed class RecordBench(GantryClient gantry, GantryClient containerd)
{
    private const int Rounds = 5;
    private const int Sequential = 100;
    private const int Together = 400;

    private static readonly Digest Target = Digest.OfBytes("target"u8);

    private readonly (string Name, NamespaceClient Scope)[] _sides =
    [
        ("gantry", gantry.In(Namespace.Parse("bench"))),
        ("containerd", containerd.In(Namespace.Parse("bench"))),
    ];

    public async Task RunAsync(int containers, int blobs)
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal) { ["containerd.io/gc.root"] = "1" };
        Console.WriteLine($"{"",-34}{"gantry",12}{"containerd",12}{"ratio",8}");
        await RateAsync("images", async (scope, id) =>
        {
            await scope.Images.CreateAsync(Filler.Image(id, Target), default);
            await scope.Images.DeleteAsync(id, synchronous: false, null, default);
        });
        await RateAsync("containers", async (scope, id) =>
        {
            await scope.Containers.CreateAsync(Filler.Container(id), default);
            await scope.Containers.DeleteAsync(id, default);
        });
        await RateAsync("leases", async (scope, id) =>
        {
            await scope.Leases.CreateAsync(id, Filler.NoLabels, default);
            await scope.Leases.DeleteAsync(id, synchronous: false, default);
        });
        await RateAsync("snapshots", async (scope, id) =>
        {
            await scope.Snapshots("overlayfs").PrepareAsync(id, "", kept, default);
            await scope.Snapshots("overlayfs").RemoveAsync(id, default);
        });

        foreach ((_, NamespaceClient scope) in _sides)
        {
            await Filler.RunAsync(containers, i => scope.Containers.CreateAsync(Filler.Container($"c{i}"), default));
        }

        await TimeAsync($"list {containers} containers, ms", async scope =>
        {
            IReadOnlyList<ContainerRecord> all = await scope.Containers.ListAsync([], default);
            Trace.Assert(all.Count == containers, "all containers are listed");
        });
        foreach ((_, NamespaceClient scope) in _sides)
        {
            await Filler.RunAsync(blobs, i => Filler.BlobAsync(scope, i, kept));
        }

        await TimeAsync($"walk {blobs} blobs, ms", async scope =>
        {
            int seen = 0;
            await foreach (ContentInfo _ in scope.Content.ListAsync([], default))
            {
                seen++;
            }

            Trace.Assert(seen == blobs, "all blobs are walked");
        });
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private async Task RateAsync(string what, Func<NamespaceClient, string, Task> pair)
    {
        await RateAsync($"{what}, create + delete, 1/s", Sequential, 1, pair);
        await RateAsync($"{what}, 8 at a time, 1/s", Together, 8, pair);
    }

    private async Task RateAsync(string what, int count, int parallel, Func<NamespaceClient, string, Task> pair)
    {
        List<double>[] rates = [[], []];
        for (int round = 0; round < Rounds; round++)
        {
            for (int side = 0; side < 2; side++)
            {
                NamespaceClient scope = _sides[side].Scope;
                TimeSpan took = await Filler.RunAsync(count, i => pair(scope, $"r{round}-{i}"), parallel);
                rates[side].Add(count / took.TotalSeconds);
            }
        }

        Report(what, Median(rates[0]), Median(rates[1]));
    }

    private async Task TimeAsync(string what, Func<NamespaceClient, Task> action)
    {
        List<double>[] times = [[], []];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int side = 0; side < 2; side++)
            {
                long start = Stopwatch.GetTimestamp();
                await action(_sides[side].Scope);
                if (round > 0)
                {
                    times[side].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }

        Report(what, Median(times[0]), Median(times[1]));
    }

    private static void Report(string what, double gantry, double containerd) => Console.WriteLine(
        $"{what,-34}{Number(gantry),12}{Number(containerd),12}{(gantry / containerd).ToString("0.00", CultureInfo.InvariantCulture),8}");
}
