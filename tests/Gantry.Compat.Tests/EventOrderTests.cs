using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>The events of each of many containers that come and go at once are told in their order, each once.</summary>
/// <remarks>The variable <c>GANTRY_EVENT_LOOPS</c> says how many there are of the plain ones.</remarks>
[Collection(ImagesCollection.Name)]
public sealed partial class EventOrderTests(Images images)
{
    private const string Life = "create start exit delete";
    private const string LifeWithExec = "create start exec-added exec-started exit:e exit delete";
    private const string LifeToOom = "create start oom exit delete";

    [Fact]
    public async Task The_events_of_every_container_come_in_order_and_once()
    {
        int loops = int.Parse(
            Environment.GetEnvironmentVariable("GANTRY_EVENT_LOOPS") ?? "40", CultureInfo.InvariantCulture);
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        using TempDirectory work = new();

        BufferedCommandResult run = await gantry.RunAsync(
            "/bin/bash",
            [
                "-c",
                """
                ctr image pull --plain-http "$IMAGE" >/dev/null
                ctr events >"$WORK/events" &
                watcher=$!
                until [ -s "$WORK/events" ]; do ctr namespaces label default seen="$RANDOM"; sleep 0.1; done
                export IMAGE
                seq "$LOOPS" | xargs -P 8 -I{} ctr run --rm "$IMAGE" s{} sh -c 'exit 0'
                seq 2 | xargs -P 2 -I{} ctr run --rm --memory-limit 16777216 "$IMAGE" o{} sh -c 'head -c 200000000 /dev/zero | tail' 2>/dev/null
                with_exec() {
                  ctr run -d "$IMAGE" "$1" sleep 1000
                  ctr task exec --exec-id e "$1" true
                  ctr task kill -s 9 "$1"
                  until ctr task ls | grep -q "^$1 .*STOPPED"; do sleep 0.1; done
                  ctr task rm "$1" 2>/dev/null
                  ctr container rm "$1"
                }
                export -f with_exec
                seq 6 | xargs -P 3 -I{} bash -c 'with_exec x{}'
                until [ "$(grep -c /tasks/delete "$WORK/events")" -ge $((LOOPS + 8)) ]; do sleep 0.1; done
                kill $watcher
                """,
            ],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["IMAGE"] = images.Busybox,
                ["WORK"] = work.Path,
                ["LOOPS"] = loops.ToString(CultureInfo.InvariantCulture),
            },
            TimeSpan.FromSeconds(180 + loops));

        Dictionary<string, string> lives = Lives(await File.ReadAllLinesAsync(
            work["events"], TestContext.Current.CancellationToken));
        Assert.True(lives.Count == loops + 8, $"{lives.Count} containers\n{run.StandardError}\n{gantry.Tail()}");
        Assert.All(lives, life => Assert.Equal(
            life.Key[0] switch { 's' => Life, 'o' => LifeToOom, _ => LifeWithExec }, life.Value));
        Assert.Empty(await gantry.LeftoversAsync());
    }

    /// <summary>The topics of each container in the order in which they came; kills for memory that follow each other count once.</summary>
    private static Dictionary<string, string> Lives(IEnumerable<string> lines)
    {
        Dictionary<string, string> lives = new(StringComparer.Ordinal);
        foreach (Match match in lines.Select(line => TaskEvent().Match(line)).Where(match => match.Success))
        {
            string id = match.Groups["id"].Value;
            string topic = match.Groups["topic"].Value;
            string process = match.Groups["process"].Value;
            topic = topic == "exit" && process != id ? $"{topic}:{process}" : topic;
            string so = lives.GetValueOrDefault(id, "");
            if (topic != "oom" || !so.EndsWith("oom", StringComparison.Ordinal))
            {
                lives[id] = so.Length > 0 ? $"{so} {topic}" : topic;
            }
        }

        return lives;
    }

    [GeneratedRegex(
        """/tasks/(?<topic>[a-z-]+) \{"container_id":"(?<id>[a-z]\d+)"(,"id":"(?<process>[^"]+)")?""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex TaskEvent();
}
