using Gantry.Linux.Mounts;
using Xunit;

namespace Gantry.Linux.Tests.Mounts;

public sealed class MountInfoTests
{
    [Fact]
    public void A_line_is_read_with_all_its_fields()
    {
        bool read = MountInfo.TryParse(
            @"36 35 98:1 /mnt1 /a\040b rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue",
            out MountInfo? mount);

        Assert.True(read);
        Assert.Equal(
            new MountInfo(
                36, 35, 98, 1, "/mnt1", "/a b", "rw,noatime", "master:1 shared:2", "ext3", "/dev/root",
                "rw,errors=continue"),
            mount);
    }

    [Fact]
    public void A_line_without_optional_fields_is_read()
    {
        bool read = MountInfo.TryParse("25 1 0:22 / /proc rw - proc proc rw", out MountInfo? mount);

        Assert.True(read);
        Assert.Equal("", mount!.OptionalFields);
    }

    [Theory]
    [InlineData("")]
    [InlineData("36 35 98:0 / /a rw")]
    [InlineData("36 35 980 / /a rw - ext3 a rw")]
    [InlineData("x 35 98:0 / /a rw - ext3 a rw")]
    [InlineData("36 35 98:0 / /a rw - ext3")]
    public void A_malformed_line_is_refused(string line)
    {
        Assert.False(MountInfo.TryParse(line, out _));
    }

    [Fact]
    public void This_machine_has_a_root()
    {
        Assert.Contains(MountInfo.ReadAll(), mount => mount.MountPoint == "/");
    }
}
