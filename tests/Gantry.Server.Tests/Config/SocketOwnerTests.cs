using Gantry.Server.Config;
using Xunit;

namespace Gantry.Server.Tests.Config;

public sealed class SocketOwnerTests
{
    [Theory]
    [InlineData("", 1, "/a.ttrpc")]
    [InlineData("gid = 2", 1, "/a.ttrpc")]
    [InlineData("gid = 2\naddress = \"/b\"", 2, "/b")]
    [InlineData("address = \"/b\"", 0, "/b")]
    public void A_socket_for_shims_without_an_address_of_its_own_belongs_to_whom_the_other_does(
        string keys, int group, string address)
    {
        DaemonConfig config = ConfigLoader.Parse(
            $"version = 2\n[grpc]\naddress = \"/a\"\ngid = 1\n[ttrpc]\n{keys}", "test", ConfigDefaults.For(asContainerd: false));

        Assert.Equal(group, config.TtrpcSocket.GroupId);
        Assert.Equal(address, config.TtrpcSocket.Address);
    }
}
