using System.Net.Sockets;
using System.Text;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Core.Collection;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Runtime.Events;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;
using Gantry.Server.Services;
using Gantry.Server.Transfers;
using Gantry.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class ApiHostTests
{
    private const byte DataType = 0;
    private const byte ResetType = 3;
    private const byte GoAwayType = 7;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_real_ctr_gets_an_answer()
    {
        Needs.Root();
        string ctr = Needs.Program("ctr");
        using TempDirectory directory = new();
        await using ApiHost host = await StartAsync(directory["a.sock"]);

        BufferedCommandResult result =
            await Cli.Wrap(ctr).WithArguments(["-a", directory["a.sock"], "version"]).ExecuteBufferedAsync(Token);

        Assert.Contains($"Version:  {BuildInfo.Version}", result.StandardOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("/run/gantry/gantry.sock")]
    [InlineData("%2Frun%2Fgantry%2Fgantry.sock")]
    public async Task Any_authority_gets_an_answer(string authority)
    {
        Needs.Root();
        using TempDirectory directory = new();
        await using ApiHost host = await StartAsync(directory["a.sock"]);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(directory["a.sock"]), Token);
        await using NetworkStream stream = new(socket);

        await stream.WriteAsync(Request(authority, stream: 1), Token);
        Assert.Equal(DataType, await FirstAnswerAsync(stream, 1));

        // The second request finds the authority in HPACK's table.
        await stream.WriteAsync(SecondRequest(stream: 3), Token);
        Assert.Equal(DataType, await FirstAnswerAsync(stream, 3));
    }

    [Fact]
    public async Task A_connection_that_rests_stays_open()
    {
        Needs.Root();
        using TempDirectory directory = new();
        await using ApiHost host = await StartAsync(directory["a.sock"]);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(directory["a.sock"]), Token);
        await using NetworkStream stream = new(socket);
        await stream.WriteAsync(Request("localhost", stream: 1), Token);
        Assert.Equal(DataType, await FirstAnswerAsync(stream, 1));

        // The server looks once a second who has rested for too long: whatever it has to say to this one, it says now.
        using CancellationTokenSource rest = CancellationTokenSource.CreateLinkedTokenSource(Token);
        rest.CancelAfter(Rest);
        List<byte> frames = [];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadFramesAsync(stream, frames, rest.Token));

        Assert.DoesNotContain(GoAwayType, frames);
    }

    private static async Task ReadFramesAsync(NetworkStream stream, List<byte> types, CancellationToken cancellationToken)
    {
        byte[] header = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(header, cancellationToken);
            types.Add(header[3]);
            byte[] payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await stream.ReadExactlyAsync(payload, cancellationToken);
        }
    }

    private static async Task<ApiHost> StartAsync(string path)
    {
        Socket socket = await ListenSocket.BindAsync(path, 0, 0, Token);
        EventExchange events = new(TimeProvider.System);
        TaskManagerOptions options = new(path, path, path, path);
        TaskManager tasks = new(options, events, TimeProvider.System, NullLogger<TaskManager>.Instance);
        SandboxController sandboxes = new(options, events, TimeProvider.System, NullLogger<SandboxController>.Instance);
        ApiServices services = new(
            new DaemonLifetime(TimeProvider.System, Token),
            new NoMetadata(),
            new NoScan(),
            new NoCollector(),
            events,
            new EventHub(null, TimeProvider.System),
            tasks,
            sandboxes,
            _ => throw new NotSupportedException(),
            new NoMaintenance(),
            [],
            "",
            path,
            () => new TransferOptions(),
            NullLoggerFactory.Instance);
        return await ApiHost.StartAsync(socket, new ApiHostOptions(), services, NullLoggerFactory.Instance, Token);
    }

    private static byte[] Request(string authority, byte stream)
    {
        byte[] headers =
        [
            0x83, 0x86,
            .. Literal(0x44, "/containerd.services.version.v1.Version/Version"),
            .. Literal(0x41, authority),
            .. Literal(0x5f, "application/grpc"),
            0x40, .. Text("te"), .. Text("trailers"),
        ];
        byte[] preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0];
        return [.. preface, .. Frames(headers, stream)];
    }

    // What the first request put into the table, newest first: te (62), content-type, authority, path (65).
    private static byte[] SecondRequest(byte stream) =>
        Frames([0x83, 0x86, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62], stream);

    private static byte[] Frames(byte[] headers, byte stream) =>
    [
        0, 0, (byte)headers.Length, 1, 4, 0, 0, 0, stream, .. headers,
        0, 0, 5, 0, 1, 0, 0, 0, stream, 0, 0, 0, 0, 0,
    ];

    private static byte[] Literal(byte index, string value) => [index, .. Text(value)];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    // The type of the first frame on a stream that decides: data is an answer, a reset is none.
    private static async Task<byte> FirstAnswerAsync(NetworkStream stream, byte id)
    {
        byte[] header = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(header, Token);
            byte[] payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await stream.ReadExactlyAsync(payload, Token);
            if (header[8] == id && header[3] is DataType or ResetType)
            {
                return header[3];
            }
        }
    }

    private sealed class NoMetadata : IMetadata
    {
        public INamespaceStore Namespaces => throw new NotSupportedException();

        public INamespaceScope In(Namespace ns, string? leaseId = null) => throw new NotSupportedException();
    }

    private sealed class NoScan : IRecordScan
    {
        public void Containers(
            Namespace ns,
            IReadOnlyList<string> filters,
            RecordVisitor<ContainerView> visit,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Images(
            Namespace ns,
            IReadOnlyList<string> filters,
            RecordVisitor<ImageView> visit,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Leases(
            Namespace ns,
            IReadOnlyList<string> filters,
            RecordVisitor<LeaseView> visit,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public string? Content(
            Namespace ns,
            IReadOnlyList<string> filters,
            string after,
            RecordVisitor<ContentView> visit,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public string? Snapshots(
            Namespace ns,
            string snapshotter,
            IReadOnlyList<string> filters,
            string after,
            RecordVisitor<SnapshotView> visit,
            CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class NoCollector : IGarbageCollector
    {
        public Task<CollectionReport> CollectAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<Explanation> ExplainAsync(
            Namespace ns,
            string name,
            string snapshotter,
            CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class NoMaintenance : IMaintenance
    {
        public Task CheckAsync(
            CheckOptions options,
            Func<Finding, Task> report,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<SpaceReport> UsageAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<long> BackupAsync(string path, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
