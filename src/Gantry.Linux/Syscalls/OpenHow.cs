using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>struct open_how of openat2(2): 24 bytes on every architecture.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}
