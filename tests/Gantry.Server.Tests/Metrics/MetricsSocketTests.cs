using System.Net;
using System.Net.Sockets;
using Gantry.Server.Metrics;
using Xunit;

namespace Gantry.Server.Tests.Metrics;

public sealed class MetricsSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", true, "::")]
    [InlineData("", false, "0.0.0.0")]
    [InlineData("localhost", true, "127.0.0.1")]
    [InlineData("::1", true, "::1")]
    public async Task The_address_is_one_that_the_machine_has(string host, bool hasIPv6, string expected) =>
        Assert.Equal(expected, (await MetricsSocket.ResolveAsync(host, hasIPv6, Token)).ToString());

    [Fact]
    public async Task Without_a_host_IPv4_is_served_too()
    {
        using Socket socket = await MetricsSocket.BindAsync(":0", Token);
        socket.Listen();
        using TcpClient client = new(AddressFamily.InterNetwork);

        await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)socket.LocalEndPoint!).Port, Token);

        Assert.True(client.Connected);
    }
}
