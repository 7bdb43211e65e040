using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>The file of this program, as it lies in memory: getauxval(3), elf(5), madvise(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/madvise.2.html"/>
public static unsafe partial class ProgramImage
{
    private const nuint AT_PHDR = 3;
    private const nuint AT_PHENT = 4;
    private const nuint AT_PHNUM = 5;
    private const uint PT_LOAD = 1;
    private const uint PT_PHDR = 6;
    private const int MADV_POPULATE_READ = 22;

    /// <summary>
    /// Maps the pages of the program all at once, which a program that ends soon would otherwise wait for one by one as it
    /// comes to them. A kernel before 5.14 can't; nothing is changed then.
    /// </summary>
    /// <returns>Whether they are mapped.</returns>
    public static bool Populate()
    {
        ProgramHeader* headers = (ProgramHeader*)getauxval(AT_PHDR);
        if (headers is null || getauxval(AT_PHENT) != (nuint)sizeof(ProgramHeader))
        {
            return false;
        }

        // Invariant: the kernel has mapped the headers of the program that it started, and counted them.
        ReadOnlySpan<ProgramHeader> all = new(headers, (int)getauxval(AT_PHNUM));
        nuint moved = 0;
        bool done = all.Length > 0;
        foreach (ref readonly ProgramHeader header in all)
        {
            if (header.Type == PT_PHDR)
            {
                moved = (nuint)headers - (nuint)header.Address;
            }
            else if (header.Type == PT_LOAD)
            {
                nuint start = moved + (nuint)header.Address;
                nuint before = start % (nuint)Environment.SystemPageSize;
                done &= madvise(start - before, (nuint)header.FileSize + before, MADV_POPULATE_READ) == 0;
            }
        }

        return done;
    }

    [LibraryImport("libc")]
    private static partial nuint getauxval(nuint type);

    [LibraryImport("libc")]
    private static partial int madvise(nuint address, nuint length, int advice);

    /// <summary>Elf64_Phdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ProgramHeader
    {
        public readonly uint Type;
        public readonly uint Flags;
        public readonly ulong Offset;
        public readonly ulong Address;
        public readonly ulong PhysicalAddress;
        public readonly ulong FileSize;
        public readonly ulong MemorySize;
        public readonly ulong Alignment;
    }
}
