using System.Net.Sockets;
using CliWrap;
using Gantry.Core.Errors;
using Gantry.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Ttrpc.Tests;

public sealed class ConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_goes_ends_the_calls_of_its_clients()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(new TtrpcServerOptions { DrainTimeout = TimeSpan.FromMilliseconds(50) });
        server.Unary = async (request, context) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await entered.Task.WaitAsync(Token);

        server.Stop();
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);

        Assert.Contains(error.Status.Detail, new[] { "ttrpc: closed", "context canceled" });
        await client.Closed.WaitAsync(Token);
        RpcException later = await Assert.ThrowsAsync<RpcException>(() => UnaryCallTests.CallAsync(client, "x"));
        Assert.Equal(StatusCode.Unavailable, later.StatusCode);
        Assert.Equal("ttrpc: closed", later.Status.Detail);
    }

    [Fact]
    public async Task A_server_that_stops_lets_open_calls_answer_first()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(new TtrpcServerOptions { DrainTimeout = TimeSpan.FromMinutes(1) });
        server.Unary = async (request, _) =>
        {
            entered.SetResult();
            await release.Task;
            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await entered.Task.WaitAsync(Token);

        server.Stop();
        release.SetResult();

        Assert.Equal("x", (await call).Text());
        await server.Running.WaitAsync(Token);
        await client.Closed.WaitAsync(Token);
    }

    [Fact]
    public async Task A_client_that_goes_ends_its_calls_and_cancels_their_handlers()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new();
        server.Unary = async (request, context) =>
        {
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(canceled.SetResult);
            entered.SetResult();
            await canceled.Task;
            return request;
        };
        TtrpcClient client = await server.ConnectAsync(Token);
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await entered.Task.WaitAsync(Token);

        await client.DisposeAsync();

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal("ttrpc: closed", error.Status.Detail);
        await canceled.Task.WaitAsync(Token);
        Assert.True(client.Closed.IsCompletedSuccessfully);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_a_server_closes_everything()
    {
        using TempDirectory directory = new();
        await using TtrpcServer server = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        Task running = server.RunAsync(listener, Token);
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        await Assert.ThrowsAsync<RpcException>(() => UnaryCallTests.CallAsync(client, "x"));

        await server.DisposeAsync();

        await running.WaitAsync(Token);
        await client.Closed.WaitAsync(Token);
    }

    [Fact]
    public async Task A_listener_that_another_process_made_can_be_served()
    {
        using TempDirectory directory = new();
        await using TtrpcServer server = new();
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = Linux.Io.UnixSockets.Listen(directory["s"], 8);
        using Socket listener = new(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: false));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task running = server.RunAsync(listener, stop.Token);

        await using TtrpcClient client = await TtrpcClient.ConnectAsync($"unix://{directory["s"]}", Token);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => UnaryCallTests.CallAsync(client, "x"));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_peer_of_another_user_is_refused()
    {
        Needs.Root();
        string perl = Needs.Program("perl");
        string setpriv = Needs.Program("setpriv");
        await using TestServer server = new();
        File.SetUnixFileMode(Path.GetDirectoryName(server.Path)!, (UnixFileMode)0b111_001_001);
        File.SetUnixFileMode(server.Path, (UnixFileMode)0b110_110_110);
        const string script = """
            use IO::Socket::UNIX;
            my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 3;
            exit(sysread($s, my $b, 1) ? 4 : 5);
            """;

        CommandResult result = await Cli.Wrap(setpriv)
            .WithArguments(["--reuid=65534", "--regid=65534", "--clear-groups", perl, "-e", script, server.Path])
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(Token);

        Assert.Equal(5, result.ExitCode);
        Exception failure = await server.Failures.Reader.ReadAsync(Token);
        Assert.IsType<UnauthorizedAccessException>(failure);
        Assert.Contains("user 65534", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/run/x.sock", "/run/x.sock", false)]
    [InlineData("unix:///run/x.sock", "/run/x.sock", false)]
    [InlineData("unix://@abstract", "abstract", true)]
    [InlineData("unix://\0abstract", "abstract", true)]
    public void An_address_is_a_path_with_or_without_its_scheme(string text, string path, bool isAbstract)
    {
        TtrpcAddress address = TtrpcAddress.Parse(text);

        Assert.Equal(path, address.Path);
        Assert.Equal(isAbstract, address.IsAbstract);
        Assert.Equal(address, TtrpcAddress.Parse(address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("unix://")]
    [InlineData("unix://@")]
    [InlineData("tcp://127.0.0.1:1")]
    [InlineData("vsock://3:1")]
    [InlineData("/a\0b")]
    [InlineData("/012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567")]
    public void Another_kind_of_address_is_refused(string text)
    {
        GantryException error = Assert.Throws<GantryException>(() => TtrpcAddress.Parse(text));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task An_address_in_the_abstract_namespace_works()
    {
        string address = $"unix://@gantry-test-{Guid.NewGuid():N}";
        await using TtrpcServer server = new();
        using Socket listener = TtrpcAddress.Parse(address).Listen();
        Task running = server.RunAsync(listener, Token);

        await using TtrpcClient client = await TtrpcClient.ConnectAsync(address, Token);

        await Assert.ThrowsAsync<RpcException>(() => UnaryCallTests.CallAsync(client, "x"));
        await server.DisposeAsync();
        await running;
    }

    [Fact]
    public async Task Connecting_to_where_nothing_listens_fails()
    {
        using TempDirectory directory = new();

        await Assert.ThrowsAsync<SocketException>(() => TtrpcClient.ConnectAsync(directory["none"], Token));
    }
}
