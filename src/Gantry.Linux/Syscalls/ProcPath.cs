using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Syscalls;

/// <summary>The path /proc/self/fd/N of an open file, for calls that take no descriptor.</summary>
internal static class ProcPath
{
    /// <summary>Bytes that the path of any descriptor needs, with its NUL.</summary>
    internal const int MaxLength = 32;

    /// <summary>Writes the path with a NUL after it. The caller keeps the handle alive.</summary>
    /// <returns>Its length without the NUL.</returns>
    internal static int Write(SafeHandle file, Span<byte> buffer)
    {
        int length = Encoding.UTF8.GetBytes($"/proc/self/fd/{file.DangerousGetHandle()}", buffer);
        buffer[length] = 0;
        return length;
    }
}
