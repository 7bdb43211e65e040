using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gantry.Client;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Namespaces;

namespace Gantry.Bench;

/// <summary>What a client waits for: each call of a task's life, on two daemons in turn.</summary>
internal sealed class TaskBench(GantryClient gantry, GantryClient containerd, string spec)
{
    private const int WarmUp = 3;
    private const uint SIGKILL = 9;

    private static readonly TypedBytes True = new(
        "types.containerd.io/opencontainers/runtime-spec/1/Process",
        Encoding.UTF8.GetBytes("""{"args":["/bin/true"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}}"""));

    private readonly NamespaceClient[] _sides =
        [gantry.In(Namespace.Parse("bench")), containerd.In(Namespace.Parse("bench"))];

    private readonly Dictionary<string, List<double>[]> _times = new(StringComparer.Ordinal);

    public async Task RunAsync(int rounds)
    {
        for (int round = -WarmUp; round < rounds; round++)
        {
            for (int side = 0; side < _sides.Length; side++)
            {
                await LiveAsync(side, string.Create(CultureInfo.InvariantCulture, $"t{round + WarmUp}"), round >= 0);
            }
        }

        Console.WriteLine($"{"ms",-24}{"gantry",10}{"p99",8}{"containerd",14}{"p99",8}{"ratio",8}");
        foreach ((string what, List<double>[] times) in _times)
        {
            Array.ForEach(times, list => list.Sort());
            double ours = At(times[0], 0.5);
            double theirs = At(times[1], 0.5);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what,-24}{ours,10:0.0}{At(times[0], 0.99),8:0.0}{theirs,14:0.0}{At(times[1], 0.99),8:0.0}{ours / theirs,8:0.00}"));
        }
    }

    private static double At(List<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];

    private async Task LiveAsync(int side, string id, bool counts)
    {
        NamespaceClient scope = _sides[side];
        TaskClient tasks = scope.Tasks;
        byte[] own = Encoding.UTF8.GetBytes(spec.Replace("@ID@", $"{side}-{id}", StringComparison.Ordinal));
        await scope.Containers.CreateAsync(
            new ContainerRecord(id)
            {
                RuntimeName = "io.containerd.runc.v2",
                Spec = new TypedBytes("types.containerd.io/opencontainers/runtime-spec/1/Spec", own),
            },
            default);
        async Task TimeAsync(string what, Func<Task> call)
        {
            long start = Stopwatch.GetTimestamp();
            await call();
            if (!counts)
            {
                return;
            }

            if (!_times.TryGetValue(what, out List<double>[]? times))
            {
                _times[what] = times = [[], []];
            }

            times[side].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        await TimeAsync("create", () => tasks.CreateAsync(id, [], ProcessStreams.None));
        await TimeAsync("start", () => tasks.StartAsync(id));
        await TimeAsync("exec, start, wait", async () =>
        {
            await tasks.ExecAsync(id, "e1", True, ProcessStreams.None);
            await tasks.StartAsync(id, "e1");
            await tasks.WaitAsync(id, "e1");
        });
        await TimeAsync("delete of an exec", () => tasks.DeleteExecAsync(id, "e1"));
        await TimeAsync("state", () => tasks.GetAsync(id));
        await TimeAsync("metrics", () => tasks.MetricsAsync([]));
        await TimeAsync("kill, wait", async () =>
        {
            await tasks.KillAsync(id, SIGKILL);
            await tasks.WaitAsync(id);
        });
        await TimeAsync("delete", () => tasks.DeleteAsync(id));
        await scope.Containers.DeleteAsync(id, default);
    }
}
