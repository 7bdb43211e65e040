using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class LinuxCapabilitiesTests
{
    private static readonly string[] Host = ["CAP_CHOWN", "CAP_KILL", "CAP_BPF"];

    [Fact]
    public void Names_come_with_or_without_their_prefix_and_in_any_case()
    {
        Assert.Equal(
            ["CAP_KILL", "CAP_NET_ADMIN"],
            LinuxCapabilities.Adjust(["CAP_CHOWN", "CAP_KILL"], Host, ["net_admin"], ["CAP_chown"]));
    }

    [Fact]
    public void All_but_some_and_none_but_some()
    {
        Assert.Equal(["CAP_CHOWN", "CAP_BPF"], LinuxCapabilities.Adjust(["CAP_CHOWN"], Host, ["ALL"], ["KILL"]));
        Assert.Equal(["CAP_KILL"], LinuxCapabilities.Adjust(["CAP_CHOWN"], Host, ["KILL"], ["ALL"]));
    }

    [Theory]
    [InlineData("CAP_NO_SUCH")]
    [InlineData("")]
    [InlineData("CAP_")]
    public void What_is_no_capability_is_refused(string name)
    {
        Assert.Throws<FormatException>(() => LinuxCapabilities.Adjust([], Host, [name], []));
    }

    [Fact]
    public void Bits_of_a_mask_have_names()
    {
        Assert.Equal(
            ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"],
            LinuxCapabilities.OfStatus("Name:\tx\nCapEff:\t0000010000000001\n", "CapEff"));
        Assert.Equal(41, LinuxCapabilities.OfMask(ulong.MaxValue).Count);
        Assert.Throws<FormatException>(() => LinuxCapabilities.OfStatus("Name:\tx\n", "CapEff"));
    }
}
