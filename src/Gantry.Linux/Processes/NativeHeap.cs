using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>The memory that native libraries of this process have allocated: malloc_trim(3), mallopt(3).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man3/mallopt.3.html"/>
public static partial class NativeHeap
{
    private const int M_MMAP_THRESHOLD = -3;

    /// <summary>
    /// Has large blocks, such as the window of an unpacker, given back as soon as they are free. Once one has been freed,
    /// glibc would otherwise keep blocks of that size in the heap of each thread that ever needed one.
    /// </summary>
    /// <param name="bytes">From which size on.</param>
    /// <returns>Whether that is done from now on.</returns>
    public static bool KeepApart(int bytes) => mallopt(M_MMAP_THRESHOLD, bytes) != 0;

    /// <summary>Gives free memory back to the system.</summary>
    /// <returns>Whether there was any.</returns>
    public static bool Trim() => malloc_trim(0) != 0;

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
