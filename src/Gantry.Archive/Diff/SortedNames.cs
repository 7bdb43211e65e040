using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>Names of a directory in the order of their bytes, which makes layers the same each time.</summary>
internal static class SortedNames
{
    internal static IReadOnlyList<byte[]> Of(SafeFileHandle directory) =>
        Sort(DirectoryTree.List(directory).Select(entry => entry.Name));

    internal static IReadOnlyList<byte[]> Sort(IEnumerable<byte[]> names)
    {
        List<byte[]> sorted = [.. names];
        sorted.Sort(Compare);
        return sorted;
    }

    internal static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);
}
