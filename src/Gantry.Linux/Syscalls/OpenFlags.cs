using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Flags of open(2), with the values of this machine's architecture.</summary>
public static class OpenFlags
{
#pragma warning disable CS1591 // The names are the documentation.
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_NOATIME = 0x40000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;
    public static readonly int O_DIRECTORY = IsArm64 ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm64 ? 0x8000 : 0x20000;
    public static readonly int O_TMPFILE = 0x400000 | (IsArm64 ? 0x4000 : 0x10000);
#pragma warning restore CS1591

    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
}
