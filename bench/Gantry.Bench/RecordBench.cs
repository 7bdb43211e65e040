using System.Diagnostics;
using System.Globalization;
using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Client;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Bench;

/// <summary>Records made and removed per second, and long lists, on two daemons in turn.</summary>
/// <param name="gantry">The one.</param>
/// <param name="gantryRaw">The same, for calls as bytes.</param>
/// <param name="containerd">The other.</param>
/// <param name="containerdRaw">The same, for calls as bytes.</param>
/// <param name="rows">What to measure: those whose name has this in it.</param>
internal sealed class RecordBench(
    GantryClient gantry, RawCall gantryRaw, GantryClient containerd, RawCall containerdRaw, string rows)
{
    private const int Rounds = 5;
    private const int Sequential = 100;
    private const int Together = 400;

    private static readonly Digest Target = Digest.OfBytes("target"u8);

    private readonly (RawCall Raw, NamespaceClient Scope)[] _sides =
    [
        (gantryRaw, gantry.In(Namespace.Parse("bench"))),
        (containerdRaw, containerd.In(Namespace.Parse("bench"))),
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

        int blob = 0;
        await RateAsync("blobs of 1 KB", (scope, _) => Filler.BlobAsync(scope, Interlocked.Increment(ref blob), kept, 1024));
        await ListAsync(containers);
        await WalkAsync(blobs, kept);
    }

    private async Task ListAsync(int containers)
    {
        if (!IsWanted("list"))
        {
            return;
        }

        foreach ((_, NamespaceClient scope) in _sides)
        {
            await Filler.RunAsync(containers, i => scope.Containers.CreateAsync(Filler.Container($"c{i}"), default));
        }

        await TimeAsync($"list {containers} containers, ms", async (raw, scope) =>
        {
            IReadOnlyList<ContainerRecord> all = await scope.Containers.ListAsync([], default);
            Trace.Assert(all.Count == containers, "all containers are listed");
        });
        await TimeAsync("  the same as bytes, ms", (raw, _) =>
            raw.RunAsync("containerd.services.containers.v1.Containers/List", new ListContainersRequest()));
        await TimeAsync("  with a filter, as bytes, ms", (raw, _) => raw.RunAsync(
            "containerd.services.containers.v1.Containers/List",
            new ListContainersRequest { Filters = { "labels.app==bench" } }));
    }

    private async Task WalkAsync(int blobs, Dictionary<string, string> kept)
    {
        if (!IsWanted("walk"))
        {
            return;
        }

        foreach ((_, NamespaceClient scope) in _sides)
        {
            await Filler.RunAsync(blobs, i => Filler.BlobAsync(scope, i, kept));
        }

        await TimeAsync($"walk {blobs} blobs, ms", async (raw, scope) =>
        {
            int seen = 0;
            await foreach (ContentInfo _ in scope.Content.ListAsync([], default))
            {
                seen++;
            }

            Trace.Assert(seen >= blobs, "all blobs are walked");
        });
        await TimeAsync("  the same as bytes, ms", (raw, _) =>
            raw.RunAsync("containerd.services.content.v1.Content/List", new ListContentRequest()));
    }

    private bool IsWanted(string what) => what.Contains(rows, StringComparison.Ordinal);

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private async Task RateAsync(string what, Func<NamespaceClient, string, Task> pair)
    {
        if (!IsWanted(what))
        {
            return;
        }

        await RateAsync($"{what}, 1 at a time, 1/s", Sequential, 1, pair);
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

    private async Task TimeAsync(string what, Func<RawCall, NamespaceClient, Task> action)
    {
        List<double>[] times = [[], []];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int side = 0; side < 2; side++)
            {
                long start = Stopwatch.GetTimestamp();
                await action(_sides[side].Raw, _sides[side].Scope);
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
