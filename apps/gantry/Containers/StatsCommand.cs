using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client.Tasks;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry stats</c>: what running containers use, measured twice, a second apart.</summary>
internal static class StatsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        Command command = new("stats", "Show what running containers use");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers; none: all that run",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> once = new("--no-stream") { Description = "Show it once, instead of every second" };
        Option<string> format = GlobalOptions.Format();
        command.Add(containers);
        command.Add(once);
        command.Add(format);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string[] filters = [.. parse.GetValue(containers)!.Select(id => $"id=={id}")];
            bool json = parse.GetValue(format) == "json";
            Dictionary<string, Sample> before = await MeasureAsync(session, filters);
            using PeriodicTimer timer = new(Interval);
            do
            {
                await timer.WaitForNextTickAsync(session.Token);
                Dictionary<string, Sample> now = await MeasureAsync(session, filters);
                Row[] rows = [.. now.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s =>
                    new Row(s.Key, s.Value, before.GetValueOrDefault(s.Key)))];
                Write(rows, json);
                before = now;
            }
            while (!parse.GetValue(once));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<Dictionary<string, Sample>> MeasureAsync(Session session, string[] filters)
    {
        Dictionary<string, Sample> samples = new(StringComparer.Ordinal);
        long now = TimeProvider.System.GetTimestamp();
        foreach (ContainerMetrics metrics in await session.Scope.Tasks.MetricsAsync(filters, session.Token))
        {
            if (ContainerUsage.Of(metrics) is { } usage)
            {
                samples[metrics.ContainerId] = new Sample(now, usage);
            }
        }

        return samples;
    }

    private static void Write(Row[] rows, bool json)
    {
        if (json)
        {
            Json.WriteArray(rows, WriteFields);
        }
        else
        {
            Table table = new("CONTAINER", "CPU %", "MEMORY", "LIMIT", "PIDS", "BLOCK READ", "BLOCK WRITTEN");
            foreach (Row row in rows)
            {
                ContainerUsage usage = row.Now.Usage;
                table.Add(
                    row.Id,
                    row.CpuPercent.ToString("0.00", CultureInfo.InvariantCulture),
                    Human.Size((long)usage.Memory),
                    usage.MemoryLimit is { } limit ? Human.Size((long)limit) : "",
                    usage.PidsLimit is { } most
                        ? string.Create(CultureInfo.InvariantCulture, $"{usage.Pids}/{most}")
                        : usage.Pids.ToString(CultureInfo.InvariantCulture),
                    Human.Size((long)usage.BlockRead),
                    Human.Size((long)usage.BlockWritten));
            }

            table.WriteTo(StandardStreams.Out);
        }

        StandardStreams.Flush();
    }

    private static void WriteFields(Utf8JsonWriter json, Row row)
    {
        ContainerUsage usage = row.Now.Usage;
        json.WriteString("id", row.Id);
        json.WriteNumber("cpuPercent", Math.Round(row.CpuPercent, 2));
        json.WriteNumber("cpuSeconds", usage.Cpu.TotalSeconds);
        json.WriteNumber("memory", usage.Memory);
        WriteLimit(json, "memoryLimit", usage.MemoryLimit);
        json.WriteNumber("pids", usage.Pids);
        WriteLimit(json, "pidsLimit", usage.PidsLimit);
        json.WriteNumber("blockRead", usage.BlockRead);
        json.WriteNumber("blockWritten", usage.BlockWritten);
    }

    private static void WriteLimit(Utf8JsonWriter json, string name, ulong? limit)
    {
        if (limit is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private sealed record Sample(long Timestamp, ContainerUsage Usage);

    private sealed record Row(string Id, Sample Now, Sample? Before)
    {
        /// <summary>Of one processor: two that are busy make 200.</summary>
        public double CpuPercent => Before is null
            ? 0
            : Math.Max(0, (Now.Usage.Cpu - Before.Usage.Cpu) /
                TimeProvider.System.GetElapsedTime(Before.Timestamp, Now.Timestamp) * 100);
    }
}
