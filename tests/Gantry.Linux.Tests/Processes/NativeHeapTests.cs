using System.Globalization;
using System.Runtime.InteropServices;
using Gantry.Linux.Processes;
using Xunit;

namespace Gantry.Linux.Tests.Processes;

public sealed class NativeHeapTests
{
    private const int Large = 8 << 20;

    [Fact]
    public void Large_blocks_leave_memory_when_they_are_freed_not_the_first_alone()
    {
        Assert.True(NativeHeap.KeepApart(512 * 1024));
        int gone = 0;
        for (int i = 0; i < 8; i++)
        {
            nint block = Marshal.AllocHGlobal(Large);
            Assert.True(IsMapped(block));

            Marshal.FreeHGlobal(block);

            // Another thread may have got the same place meanwhile.
            gone += IsMapped(block) ? 0 : 1;
        }

        Assert.InRange(gone, 3, 8);
    }

    private static bool IsMapped(nint address) => File.ReadLines("/proc/self/maps").Any(line =>
        line.Split(' ')[0].Split('-') is [string start, string end]
            && address >= long.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            && address < long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
