using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Gantry.Linux.Syscalls;
using Xunit;

namespace Gantry.Linux.Tests.Syscalls;

public sealed class StructSizeTests
{
    // The kernel's structures have the same layout on x64 and arm64.
    [Fact]
    public void Structures_have_the_size_that_the_kernel_reads_and_writes()
    {
        Assert.Equal(24, Unsafe.SizeOf<OpenHow>());
        Assert.Equal(16, Unsafe.SizeOf<Timespec>());
        Assert.Equal(16, Unsafe.SizeOf<StatxTime>());
        Assert.Equal(256, Unsafe.SizeOf<StatxBuffer>());
    }

    [Fact]
    public void Fields_of_statx_lie_where_the_kernel_puts_them()
    {
        Assert.Equal(28, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.Mode)));
        Assert.Equal(32, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.Inode)));
        Assert.Equal(64, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.Accessed)));
        Assert.Equal(112, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.Modified)));
        Assert.Equal(136, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.DevMajor)));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 3, 0x103)]
    [InlineData(8, 0x12345, 0x12300845)]
    [InlineData(0x1fff, 1, 0x1000_000f_ff01)]
    public void Device_numbers_are_made_as_makedev_does(uint major, uint minor, ulong expected)
    {
        Assert.Equal(expected, DeviceNumber.Make(major, minor));
    }
}
