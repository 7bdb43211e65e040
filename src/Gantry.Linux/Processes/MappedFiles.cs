using System.Globalization;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>The files that this process has mapped and never writes to: its code, that of libraries, and data: madvise(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/madvise.2.html"/>
public static partial class MappedFiles
{
    private const string Maps = "/proc/self/maps";

    // MADV_DONTNEED.
    private const int DontNeed = 4;

    /// <summary>
    /// Lets go of the pages that were used once and are not now. They are clean pages of files: what is needed again is
    /// mapped again from the page cache.
    /// </summary>
    /// <returns>How many bytes of address space were let go.</returns>
    public static long Release()
    {
        long released = 0;
        foreach (string line in File.ReadLines(Maps))
        {
            if (TryParse(line, out nuint start, out nuint length) && madvise(start, length, DontNeed) == 0)
            {
                released += (long)length;
            }
        }

        return released;
    }

    /// <summary>Reads a line <c>START-END PERMISSIONS OFFSET DEVICE INODE PATH</c>.</summary>
    /// <returns>Whether it is code of a file or data shared with one, which nothing here has ever written to.</returns>
    internal static bool TryParse(string line, out nuint start, out nuint length)
    {
        start = 0;
        length = 0;
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [string range, "r-xp" or "r--s", _, _, _, ['/', ..], ..])
        {
            return false;
        }

        int dash = range.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0
            || !nuint.TryParse(range.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out start)
            || !nuint.TryParse(range.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint end)
            || end <= start)
        {
            return false;
        }

        length = end - start;
        return true;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(nuint address, nuint length, int advice);
}
