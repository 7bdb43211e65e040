using System.Diagnostics;
using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

public sealed class ConnectionTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_socket_that_is_not_there_is_named()
    {
        GantryException error = await CallAsync(_directory["none.sock"]);

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains(_directory["none.sock"], error.Message, StringComparison.Ordinal);
        Assert.Contains("no such socket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_refuses()
    {
        using (Socket socket = Listen("live.sock"))
        {
            // Closing it would remove it.
            File.Move(_directory["live.sock"], _directory["dead.sock"]);
        }

        GantryException error = await CallAsync(_directory["dead.sock"]);

        Assert.Contains("connection refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_answers_nothing_is_given_up()
    {
        using Socket socket = Listen("silent.sock");
        Stopwatch watch = Stopwatch.StartNew();

        GantryException error = await CallAsync(_directory["silent.sock"]);

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("no answer in 0.5 s", error.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }

    [Fact]
    public async Task A_socket_that_answers_something_else_is_no_daemon()
    {
        using Socket socket = Listen("other.sock");
        Task answer = AnswerAsync(socket, "SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray());

        GantryException error = await CallAsync(_directory["other.sock"]);

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains(_directory["other.sock"], error.Message, StringComparison.Ordinal);
        await answer;
    }

    [Fact]
    public async Task A_daemon_that_dies_in_a_call_is_told_in_plain_words()
    {
        using Socket socket = Listen("dying.sock");
        Task answer = DieAsync(socket);

        GantryException error = await CallAsync(_directory["dying.sock"]);

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("it ended in the middle of a call", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("net_http", error.Message, StringComparison.Ordinal);
        await answer;
    }

    [Fact]
    public async Task A_path_that_is_too_long_for_a_socket_is_refused()
    {
        GantryException error = await CallAsync("/" + new string('x', 200));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
    }

    private static async Task AnswerAsync(Socket socket, byte[] data)
    {
        using Socket peer = await socket.AcceptAsync(Token);
        await peer.SendAsync(data, Token);
        byte[] buffer = new byte[4096];
        try
        {
            while (await peer.ReceiveAsync(buffer, Token) > 0)
            {
                // Until the client hangs up.
            }
        }
        catch (SocketException)
        {
            // It hung up without a word.
        }
    }

    /// <summary>Speaks HTTP/2 (an empty SETTINGS frame), hears the client's preface and its first frames, and hangs up.</summary>
    private static async Task DieAsync(Socket socket)
    {
        using Socket peer = await socket.AcceptAsync(Token);
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }, Token);
        await peer.ReceiveAsync(new byte[4096], Token);
    }

    private static async Task<GantryException> CallAsync(string path)
    {
        await using GantryClient client = new(new GantryClientOptions
        {
            SocketPath = path,
            ConnectTimeout = TimeSpan.FromMilliseconds(500),
        });
        return await Assert.ThrowsAsync<GantryException>(() => client.VersionAsync(Token));
    }

    private Socket Listen(string name)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_directory[name]));
        socket.Listen();
        return socket;
    }
}
