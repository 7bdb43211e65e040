using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Api.Types;
using Gantry.Linux.Io;
using Gantry.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using EventsTtrpc = Gantry.Api.Services.EventsTtrpc;
using ShimTask = Gantry.Api.Runtime.TaskV2.Task;
using Status = Gantry.Api.Types.Task.Status;
using Task = System.Threading.Tasks.Task;

namespace Gantry.Ttrpc.Tests;

/// <summary>The other end is Go's ttrpc: Debian's shim is our server, and as publisher of events our client.</summary>
public sealed class RuncShimTests
{
    private const string ExitScript = "exit 7";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_lives_and_dies_through_a_real_shim()
    {
        await using ShimProcess shim = await ShimProcess.StartAsync(Token);
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(shim.Address, Token);
        ShimTask.TaskClient task = new(client.CallInvoker);
        CallOptions options = shim.Options;

        ConnectResponse connected = await task.ConnectAsync(new ConnectRequest { Id = shim.Id }, options);
        CreateTaskResponse created = await task.CreateAsync(
            new CreateTaskRequest { Id = shim.Id, Bundle = shim.Bundle }, options);
        StateResponse state = await task.StateAsync(new StateRequest { Id = shim.Id }, options);
        Task<WaitResponse> waiting = task.WaitAsync(new WaitRequest { Id = shim.Id }, options).ResponseAsync;
        await task.StartAsync(new StartRequest { Id = shim.Id }, options);
        WaitResponse ended = await waiting;
        DeleteResponse deleted = await task.DeleteAsync(new DeleteRequest { Id = shim.Id }, options);

        Assert.True(connected.ShimPid > 0);
        Assert.True(created.Pid > 0);
        Assert.Equal(Status.Created, state.Status);
        Assert.Equal(created.Pid, state.Pid);
        Assert.Equal(7u, ended.ExitStatus);
        Assert.Equal(7u, deleted.ExitStatus);

        List<Envelope> events = [];
        while (events.Count < 4)
        {
            events.Add(await shim.Events.Reader.ReadAsync(Token));
        }

        Assert.Equal(
            ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"],
            events.Select(envelope => envelope.Topic));
        Assert.All(events, envelope => Assert.Equal("gantry-test", envelope.Namespace));
        Assert.True(TypeUrl.TryUnpack(events[2].Event, out TaskExit? exit));
        Assert.Equal(7u, exit.ExitStatus);
        Assert.Equal(connected.ShimPid, (uint)shim.Publishers.Single());

        // That shim may be gone before its answer is.
        Exception? unanswered = await Record.ExceptionAsync(
            async () => await task.ShutdownAsync(new ShutdownRequest { Id = shim.Id, Now = true }, options));
        Assert.True(unanswered is null or RpcException { StatusCode: StatusCode.Unavailable }, $"{unanswered}");
        await client.Closed.WaitAsync(Token);
    }

    [Fact]
    public async Task Errors_of_a_real_shim_come_with_their_code_and_text()
    {
        await using ShimProcess shim = await ShimProcess.StartAsync(Token);
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(shim.Address, Token);
        ShimTask.TaskClient task = new(client.CallInvoker);

        RpcException state = await Assert.ThrowsAsync<RpcException>(
            async () => await task.StateAsync(new StateRequest { Id = "nobody" }, shim.Options));
        RpcException method = await Assert.ThrowsAsync<RpcException>(
            () => UnaryCallTests.CallAsync(client, "x", method: OfTask("Nope")));
        RpcException service = await Assert.ThrowsAsync<RpcException>(() => UnaryCallTests.CallAsync(client, "x"));

        Assert.Equal(StatusCode.NotFound, state.StatusCode);
        Assert.EndsWith("not found", state.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unimplemented, method.StatusCode);
        Assert.Equal("method Nope", method.Status.Detail);
        Assert.Equal(StatusCode.Unimplemented, service.StatusCode);
        Assert.Equal($"service {TestMethods.Service}", service.Status.Detail);
    }

    [Fact]
    public async Task Calls_to_a_real_shim_run_side_by_side_with_deadlines_and_without()
    {
        await using ShimProcess shim = await ShimProcess.StartAsync(Token);
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(shim.Address, Token);
        ShimTask.TaskClient task = new(client.CallInvoker);
        await task.CreateAsync(new CreateTaskRequest { Id = shim.Id, Bundle = shim.Bundle }, shim.Options);
        CallOptions soon = shim.Options.WithDeadline(TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300));

        AsyncUnaryCall<WaitResponse> waiting = task.WaitAsync(new WaitRequest { Id = shim.Id }, soon);
        StateResponse[] states = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(_ => task.StateAsync(new StateRequest { Id = shim.Id }, shim.Options).ResponseAsync));
        RpcException late = await Assert.ThrowsAsync<RpcException>(async () => await waiting);

        Assert.All(states, state => Assert.Equal(Status.Created, state.Status));
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        await task.KillAsync(new KillRequest { Id = shim.Id, Signal = 9, All = true }, shim.Options);
        await task.WaitAsync(new WaitRequest { Id = shim.Id }, shim.Options);
        await task.DeleteAsync(new DeleteRequest { Id = shim.Id }, shim.Options);
    }

    private static Method<BytesValue, BytesValue> OfTask(string name) => new(
        MethodType.Unary,
        "containerd.task.v2.Task",
        name,
        TestMethods.Unary.RequestMarshaller,
        TestMethods.Unary.ResponseMarshaller);

    /// <summary>A shim with a bundle of its own, and the server that it publishes its events to.</summary>
    private sealed class ShimProcess : EventsTtrpc.Events.EventsBase, IAsyncDisposable
    {
        private readonly TempDirectory _directory = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly TtrpcServer _server = new();
        private readonly string _program = Needs.Program("containerd-shim-runc-v2");
        private Task _serving = Task.CompletedTask;
        private Task _log = Task.CompletedTask;
        private Socket? _listener;

        public string Id { get; } = $"gt{Guid.NewGuid():N}"[..14];

        public string Bundle => _directory["bundle"];

        public string Address { get; private set; } = "";

        public System.Threading.Channels.Channel<Envelope> Events { get; } =
            System.Threading.Channels.Channel.CreateUnbounded<Envelope>();

        public ConcurrentDictionary<int, bool> PublisherIds { get; } = new();

        public IEnumerable<int> Publishers => PublisherIds.Keys;

        public CallOptions Options => new([new Metadata.Entry("containerd-namespace-ttrpc", "gantry-test")]);

        private string Socket => _directory["c.sock"];

        public static async Task<ShimProcess> StartAsync(CancellationToken cancellationToken)
        {
            Needs.Root();
            ShimProcess shim = new();
            try
            {
                await shim.MakeBundleAsync(cancellationToken);
                shim.Serve();
                shim.Address = await shim.RunAsync("start", cancellationToken);
                return shim;
            }
            catch
            {
                await shim.DisposeAsync();
                throw;
            }
        }

        public override Task<Empty> Forward(EventsTtrpc.ForwardRequest request, ServerCallContext context)
        {
            PublisherIds[context.PeerCredentials()!.Value.ProcessId] = true;
            Events.Writer.TryWrite(request.Envelope);
            return Task.FromResult(new Empty());
        }

        public async ValueTask DisposeAsync()
        {
            if (Address.Length > 0)
            {
                await ShutDownAsync();
            }

            await _stop.CancelAsync();
            await _serving;
            await _server.DisposeAsync();
            _listener?.Dispose();
            await EndLogAsync();
            _stop.Dispose();
            _directory.Dispose();
        }

        private async Task MakeBundleAsync(CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(Path.Combine(Bundle, "rootfs", "bin"));
            File.Copy(Needs.Program("busybox"), Path.Combine(Bundle, "rootfs", "bin", "busybox"));
            await Cli.Wrap(Needs.Program("runc")).WithArguments(["spec", "-b", Bundle]).ExecuteAsync(cancellationToken);
            string path = Path.Combine(Bundle, "config.json");
            JsonNode spec = JsonNode.Parse(await File.ReadAllTextAsync(path, cancellationToken))!;
            spec["process"]!["terminal"] = false;
            spec["process"]!["args"] = new JsonArray("/bin/busybox", "sh", "-c", ExitScript);
            spec["linux"]!["cgroupsPath"] = $"/{Id}";
            await File.WriteAllTextAsync(path, spec.ToJsonString(), cancellationToken);

            // The shim opens its log for writing, and waits for a reader.
            string log = Path.Combine(Bundle, "log");
            Fifo.Create(log, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            _log = DrainAsync(log);
        }

        private static async Task DrainAsync(string path)
        {
            await Task.Yield();
            await using FileStream log = new(path, FileMode.Open, FileAccess.Read);
            await log.CopyToAsync(Stream.Null);
        }

        private async Task EndLogAsync()
        {
            string path = Path.Combine(Bundle, "log");
            if (File.Exists(path))
            {
                // A reader that waits for a shim that never came is let go.
                await using FileStream release = new(path, FileMode.Open, FileAccess.ReadWrite);
            }

            await _log;
        }

        private void Serve()
        {
            _server.AddService(
                "containerd.services.events.ttrpc.v1.Events",
                binder => EventsTtrpc.Events.BindService(binder, this));
            _listener = TtrpcAddress.Parse($"{Socket}.ttrpc").Listen();
            _serving = _server.RunAsync(_listener, _stop.Token);
        }

        private async Task<string> RunAsync(string action, CancellationToken cancellationToken)
        {
            BufferedCommandResult result = await Cli.Wrap(_program)
                .WithArguments(["-namespace", "gantry-test", "-address", Socket, "-publish-binary", "/bin/true", "-id", Id, action])
                .WithWorkingDirectory(Bundle)
                .WithEnvironmentVariables(variables => variables
                    .Set("TTRPC_ADDRESS", $"{Socket}.ttrpc")
                    .Set("GRPC_ADDRESS", Socket)
                    .Set("NAMESPACE", "gantry-test")
                    .Set("MAX_SHIM_VERSION", "2"))
                .ExecuteBufferedAsync(cancellationToken);
            return result.StandardOutput.Trim();
        }

        private async Task ShutDownAsync()
        {
            try
            {
                await using TtrpcClient client = await TtrpcClient.ConnectAsync(Address, CancellationToken.None);
                ShimTask.TaskClient task = new(client.CallInvoker);
                await task.ShutdownAsync(new ShutdownRequest { Id = Id, Now = true }, Options);
                await client.Closed;
            }
            catch (Exception gone) when (gone is SocketException or RpcException)
            {
                // It has ended before.
            }
        }
    }
}
