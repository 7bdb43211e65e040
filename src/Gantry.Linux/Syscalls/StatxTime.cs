using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>struct statx_timestamp of statx(2): 16 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct StatxTime
{
    [FieldOffset(0)] public long Seconds;
    [FieldOffset(8)] public uint Nanoseconds;

    public readonly Timespec ToTimespec() => new(Seconds, Nanoseconds);
}
