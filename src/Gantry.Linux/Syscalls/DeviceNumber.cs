namespace Gantry.Linux.Syscalls;

/// <summary>Device numbers in glibc's 64-bit form, see makedev(3).</summary>
public static class DeviceNumber
{
    /// <summary>The number of a device.</summary>
    /// <param name="major">Its major number.</param>
    /// <param name="minor">Its minor number.</param>
    public static ulong Make(uint major, uint minor) =>
        ((major & 0xfffff000UL) << 32) | ((major & 0xfffUL) << 8) | ((minor & 0xffffff00UL) << 12) | (minor & 0xffUL);
}
