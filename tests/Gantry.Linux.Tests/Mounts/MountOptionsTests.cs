using Gantry.Linux.Mounts;
using Xunit;

namespace Gantry.Linux.Tests.Mounts;

public sealed class MountOptionsTests
{
    [Fact]
    public void Options_are_sorted_into_flags_propagation_and_data()
    {
        MountOptions options = MountOptions.Parse(
            ["ro", "nosuid", "rbind", "rslave", "lowerdir=/a:/b", "index=off", "X-gantry.note=1", ""]);

        Assert.Equal(
            MountFlags.MS_RDONLY | MountFlags.MS_NOSUID | MountFlags.MS_BIND | MountFlags.MS_REC, options.Flags);
        Assert.Equal([MountFlags.MS_SLAVE | MountFlags.MS_REC], options.Propagation);
        Assert.Equal(["lowerdir=/a:/b", "index=off"], options.Data);
    }

    [Fact]
    public void A_later_option_undoes_an_earlier_one()
    {
        Assert.Equal(MountFlags.None, MountOptions.Parse(["ro", "noexec", "rw", "exec"]).Flags);
    }
}
