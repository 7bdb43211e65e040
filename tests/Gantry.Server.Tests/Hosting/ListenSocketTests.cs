using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Server.Hosting;
using Gantry.Testing;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class ListenSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Socket_and_directory_get_their_modes()
    {
        Needs.Root();
        using TempDirectory directory = new();
        string path = directory["a/b/x.sock"];

        using Socket socket = await ListenSocket.BindAsync(path, 0, 0, Token);

        Assert.Equal("0660", Octal(File.GetUnixFileMode(path)));
        Assert.Equal("0711", Octal(File.GetUnixFileMode(directory["a/b"])));
        Assert.Equal("0711", Octal(File.GetUnixFileMode(directory["a"])));
    }

    [Fact]
    public async Task A_socket_that_nobody_answers_on_is_replaced()
    {
        Needs.Root();
        using TempDirectory directory = new();
        string path = directory["x.sock"];
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, directory["kept"]);
        }

        File.Move(directory["kept"], path);

        using Socket socket = await ListenSocket.BindAsync(path, 0, 0, Token);

        Assert.True(socket.IsBound);
    }

    [Fact]
    public async Task A_socket_of_another_kind_is_left_alone()
    {
        Needs.Root();
        using TempDirectory directory = new();
        string path = directory["x.sock"];
        using Socket other = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.StartsWith($"connect {path}: ", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_socket_that_somebody_answers_on_is_left_alone()
    {
        Needs.Root();
        using TempDirectory directory = new();
        string path = directory["x.sock"];
        using Socket other = await ListenSocket.BindAsync(path, 0, 0, Token);
        other.Listen();

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.Equal(ErrorKind.AlreadyExists, error.Kind);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_file_that_is_no_socket_is_left_alone()
    {
        using TempDirectory directory = new();
        string path = directory["x.sock"];
        await File.WriteAllTextAsync(path, "precious", Token);

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Equal("precious", await File.ReadAllTextAsync(path, Token));
    }

    [Theory]
    [InlineData("relative/x.sock")]
    [InlineData("/tmp/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901")]
    public async Task A_path_that_cannot_be_a_sockets_is_refused(string path)
    {
        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public async Task A_directory_in_the_sockets_place_is_told_as_such()
    {
        using TempDirectory directory = new();
        string path = Directory.CreateDirectory(directory["x.sock"]).FullName;

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Equal($"socket address {path} is a directory, and no socket: failed precondition", error.Message);
    }

    [Fact]
    public async Task What_the_system_has_against_a_socket_is_said_in_words()
    {
        string path = $"/proc/self/{Guid.NewGuid():N}.sock";

        GantryException error =
            await Assert.ThrowsAsync<GantryException>(() => ListenSocket.BindAsync(path, 0, 0, Token));

        Assert.Equal($"bind {path}: no such file or directory: failed precondition", error.Message);
    }

    [Fact]
    public void A_root_that_is_no_directory_is_not_taken_for_another_daemons()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["file"], "");

        GantryException error = Assert.Throws<GantryException>(() => RootLock.Take(directory["file"]));

        Assert.StartsWith($"root {directory["file"]}: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("another daemon", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_has_one_daemon()
    {
        using TempDirectory directory = new();
        using RootLock first = RootLock.Take(directory.Path);

        GantryException error = Assert.Throws<GantryException>(() => RootLock.Take(directory.Path));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
