using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Api.Services.Namespaces;
using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Server.Metrics;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using CgroupFiles = Gantry.Server.Metrics.CgroupFiles;

namespace Gantry.Server.Tests.Metrics;

public sealed class MetricsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scrape_tells_of_calls_under_containerds_names()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token, FreeAddress());
        Namespaces.NamespacesClient client = new(daemon.Calls);
        await client.ListAsync(new ListNamespacesRequest(), cancellationToken: Token);
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            async () => await client.DeleteAsync(new DeleteNamespaceRequest { Name = "none" }, cancellationToken: Token));

        string text = await ScrapeAsync(daemon);

        const string service = "grpc_service=\"containerd.services.namespaces.v1.Namespaces\",grpc_type=\"unary\"";
        Assert.Contains($"grpc_server_started_total{{grpc_method=\"List\",{service}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"grpc_server_handled_total{{grpc_method=\"List\",{service},grpc_code=\"OK\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"grpc_server_handled_total{{grpc_method=\"Delete\",{service},grpc_code=\"NotFound\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"grpc_server_msg_sent_total{{grpc_method=\"Delete\",{service}}} 0\n", text, StringComparison.Ordinal);
        Assert.Contains($"grpc_server_handling_seconds_count{{grpc_method=\"List\",{service}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"containerd_build_info_total{{revision=\"{BuildInfo.Revision}\",version=\"{BuildInfo.Version}\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("gantry_records{kind=\"image\"} 0\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", "text/plain; version=0.0.4; charset=utf-8", false)]
    [InlineData("application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8", true)]
    public async Task The_format_is_the_one_that_was_asked_for(string accept, string type, bool ends)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token, FreeAddress());
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://{daemon.MetricsAddress}/v1/metrics");
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using HttpResponseMessage response = await http.SendAsync(request, Token);

        string text = await response.Content.ReadAsStringAsync(Token);
        Assert.Equal(type, response.Content.Headers.GetValues("Content-Type").Single());
        Assert.Equal(ends, text.EndsWith("# EOF\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_path_is_not_found()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token, FreeAddress());
        using HttpClient http = new();

        using HttpResponseMessage response = await http.GetAsync(new Uri($"http://{daemon.MetricsAddress}/metrics"), Token);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_taken_port_is_told_in_one_line()
    {
        string address = FreeAddress();
        await using DaemonHarness first = await DaemonHarness.StartAsync(Token, address);
        await using DaemonHarness second = await DaemonHarness.StartAsync(Token);
        await second.StopAsync();
        DaemonConfig config = second.Config with { Metrics = new MetricsConfig { Address = address } };

        GantryException failure = await Assert.ThrowsAsync<GantryException>(
            () => Daemon.StartAsync(config, NullLoggerFactory.Instance, TimeProvider.System, Token));

        Assert.Equal($"listen tcp {address}: address already in use: failed precondition", failure.Message);
    }

    [Fact]
    public async Task What_is_told_is_what_promtool_understands()
    {
        string promtool = Needs.Program("promtool");
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token, FreeAddress());
        await new Namespaces.NamespacesClient(daemon.Calls).ListAsync(new ListNamespacesRequest(), cancellationToken: Token);

        string text = await ScrapeAsync(daemon);
        BufferedCommandResult result = await Cli.Wrap(promtool).WithArguments(["check", "metrics"])
            .WithStandardInputPipe(PipeSource.FromString(text))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);

        // 3: it was read, and names were found fault with; those are containerd's.
        Assert.True(result.ExitCode is 0 or 3, result.StandardError);
        Assert.All(
            result.StandardError.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("containerd_", line, StringComparison.Ordinal));
    }

    /// <summary>Both ways: what is told is in docs/metrics.md, and what is in docs/metrics.md may be told.</summary>
    [Fact]
    public async Task The_documentation_lists_what_is_told()
    {
        foreach (string type in (string[])
            [
                "Gantry.Storage.StorageMetrics, Gantry.Storage", "Gantry.Archive.ArchiveMetrics, Gantry.Archive",
                "Gantry.Transfer.TransferMetrics, Gantry.Transfer",
            ])
        {
            RuntimeHelpers.RunClassConstructor(Type.GetType(type, throwOnError: true)!.TypeHandle);
        }

        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token, FreeAddress());
        string text = await ScrapeAsync(daemon);
        IEnumerable<string> containers = CgroupFiles.V1.Concat(CgroupFiles.V2)
            .SelectMany(file => file.Metrics.Select(metric => metric.Name))
            .Concat(LabeledMetric.All.Select(metric => metric.Name))
            .Select(name => Encoding.UTF8.GetString(name));
        IEnumerable<string> told = text.Split('\n')
            .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[2])
            .Concat(containers);

        IEnumerable<string> listed = (await File.ReadAllLinesAsync(DocumentPath(), Token))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1]);

        Assert.Equal(told.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static string DocumentPath([CallerFilePath] string self = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(self)!, "../../../docs/metrics.md"));

    private static async Task<string> ScrapeAsync(DaemonHarness daemon)
    {
        using HttpClient http = new();
        return await http.GetStringAsync(new Uri($"http://{daemon.MetricsAddress}/v1/metrics"), Token);
    }

    private static string FreeAddress()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket.LocalEndPoint!.ToString()!;
    }
}
