using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CliWrap;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>What the daemon tells of containers is what containerd tells, and Prometheus takes it.</summary>
[Collection(ImagesCollection.Name)]
public sealed class MetricsTests(Images images)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_metrics_of_a_container_are_those_that_containerd_has()
    {
        string there = FreeAddress();
        string here = FreeAddress();
        await using ContainerdDaemon containerd = await ContainerdDaemon.StartNewAsync(null, Section(there));
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(Section(here));
        await RunAsync(containerd);
        await RunAsync(gantry);

        IReadOnlyList<string> expected = Series(await ScrapeAsync(there));
        IReadOnlyList<string> actual = Series(await ScrapeAsync(here));
        string expectedTable = await containerd.CtrOkAsync("task", "metrics", "m");
        string actualTable = await gantry.CtrOkAsync("task", "metrics", "m");
        await RemoveAsync(containerd);
        await RemoveAsync(gantry);

        Assert.NotEmpty(expected);
        Assert.Equal(expected, actual.Where(series => !series.StartsWith("container_memory_oom_total", StringComparison.Ordinal)));
        Assert.Equal(Names(expectedTable), Names(actualTable));
        Assert.Empty(await gantry.LeftoversAsync());
    }

    [Fact]
    public async Task What_is_told_of_containers_is_what_the_kernel_counts_and_goes_with_them()
    {
        string address = FreeAddress();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(Section(address));
        await gantry.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await gantry.CtrOkAsync(
            "run", "-d", "--memory-limit", "67108864", images.Busybox, "m", "sh", "-c", "while :; do :; done");

        string first = await ScrapeAsync(address);
        double before = Value(first, "container_cpu_total_nanoseconds");
        await Poll.UntilAsync(
            async () => Value(await ScrapeAsync(address), "container_cpu_total_nanoseconds") > before);
        await gantry.StopAsync();
        await gantry.StartAsync(Token);
        string adopted = await ScrapeAsync(address);
        await RemoveAsync(gantry);
        string removed = await ScrapeAsync(address);

        Assert.Equal(67108864, Value(first, "container_memory_usage_limit_bytes"));
        Assert.Contains("gantry_tasks{state=\"running\"} 1\n", first, StringComparison.Ordinal);
        Assert.Contains("gantry_shims 1\n", first, StringComparison.Ordinal);
        Assert.Equal(Series(first), Series(adopted));
        Assert.DoesNotContain("container_id=", removed, StringComparison.Ordinal);
        Assert.Contains("gantry_tasks{state=\"running\"} 0\n", removed, StringComparison.Ordinal);
        Assert.Contains("gantry_cgroup_files 0\n", await ScrapeAsync(address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_told_of_containers_when_the_configuration_says_so()
    {
        string address = FreeAddress();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(
            Section(address) + "\n[plugins.\"io.containerd.monitor.v1.cgroups\"]\nno_prometheus = true\n");
        await RunAsync(gantry);

        string text = await ScrapeAsync(address);
        await RemoveAsync(gantry);

        Assert.Contains("gantry_tasks{state=\"running\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("container_id=", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prometheus_scrapes_the_daemon()
    {
        string prometheus = Needs.Program("prometheus");
        string address = FreeAddress();
        using TempDirectory directory = new();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync(Section(address));
        await RunAsync(gantry);
        await File.WriteAllTextAsync(
            directory["prometheus.yml"],
            $"""
            global:
              scrape_interval: 2s
              scrape_timeout: 2s
            scrape_configs:
              - job_name: gantry
                metrics_path: /v1/metrics
                static_configs:
                  - targets: ["{address}"]
            """,
            Token);
        using CancellationTokenSource stop = new();
        StringBuilder log = new();
        TaskCompletionSource<string> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CommandTask<CommandResult> run = Cli.Wrap(prometheus)
            .WithArguments(
            [
                $"--config.file={directory["prometheus.yml"]}", $"--storage.tsdb.path={directory["data"]}",
                "--web.listen-address=127.0.0.1:0",
            ])
            .WithValidation(CommandResultValidation.None)
            .WithStandardErrorPipe(PipeTarget.ToDelegate(line =>
            {
                log.AppendLine(line);
                if (line.Contains("\"Listening on\" address=", StringComparison.Ordinal))
                {
                    listening.TrySetResult(line[(line.LastIndexOf('=') + 1)..].Trim());
                }
            }))
            .ExecuteAsync(stop.Token);
        Assert.True(await Task.WhenAny(listening.Task, run.Task) == listening.Task, $"Prometheus has ended:\n{log}");
        string web = await listening.Task;

        string answer = "";
        await Poll.UntilAsync(async () =>
        {
            Assert.False(run.Task.IsCompleted, $"Prometheus has ended:\n{log}");
            answer = await QueryAsync(web, "container_pids_current");
            return answer.Contains("\"container_id\":\"m\"", StringComparison.Ordinal);
        });
        string up = await QueryAsync(web, "up");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await run);
        await RemoveAsync(gantry);

        Assert.Contains("\"value\":[", answer, StringComparison.Ordinal);
        Assert.Matches("\"value\":\\[[0-9.]+,\"1\"\\]", up);
    }

    private async Task RunAsync(PrivateDaemon daemon)
    {
        await daemon.CtrOkAsync("image", "pull", "--plain-http", images.Busybox);
        await daemon.CtrOkAsync("run", "-d", images.Busybox, "m", "sleep", "1000");
    }

    private static async Task RemoveAsync(PrivateDaemon daemon)
    {
        await daemon.CtrAsync("task", "rm", "-f", "m");
        await daemon.CtrOkAsync("container", "rm", "m");
    }

    private static async Task<string> ScrapeAsync(string address)
    {
        using HttpClient http = new();
        return await http.GetStringAsync(new Uri($"http://{address}/v1/metrics"), Token);
    }

    private static async Task<string> QueryAsync(string web, string query)
    {
        using HttpClient http = new();
        try
        {
            return await http.GetStringAsync(new Uri($"http://{web}/api/v1/query?query={query}"), Token);
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>The names of the metrics of containers, each with its labels in order.</summary>
    private static IReadOnlyList<string> Series(string text) =>
    [
        .. text.Split('\n').Where(line => line.StartsWith("container_", StringComparison.Ordinal))
            .Select(line =>
            {
                int open = line.IndexOf('{', StringComparison.Ordinal);
                string labels = line[(open + 1)..line.LastIndexOf('}')];
                return $"{line[..open]} {string.Join(',', labels.Split(',').Order(StringComparer.Ordinal))}";
            })
            .Order(StringComparer.Ordinal),
    ];

    private static double Value(string text, string name) => double.Parse(
        text.Split('\n').First(line => line.StartsWith(name + "{", StringComparison.Ordinal)).Split(' ')[^1],
        CultureInfo.InvariantCulture);

    private static IEnumerable<string> Names(string table) =>
        table.Split('\n').Select(line => line.Split(' ')[0]).Where(word => word.Length > 0);

    private static string Section(string address) => $"[metrics]\naddress = \"{address}\"\n";

    private static string FreeAddress()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket.LocalEndPoint!.ToString()!;
    }
}
