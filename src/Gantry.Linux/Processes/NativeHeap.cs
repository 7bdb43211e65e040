using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>The memory that native libraries of this process have allocated: malloc_trim(3).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man3/malloc_trim.3.html"/>
public static partial class NativeHeap
{
    /// <summary>Gives free memory back to the system.</summary>
    /// <returns>Whether there was any.</returns>
    public static bool Trim() => malloc_trim(0) != 0;

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);
}
