using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>One directory of two trees that are walked together.</summary>
/// <param name="Lower">The directory before; null when there was none.</param>
/// <param name="Upper">The directory now.</param>
/// <param name="Path">Where it is.</param>
internal sealed record TreeLevel(SafeFileHandle? Lower, SafeFileHandle Upper, byte[] Path) : IDisposable
{
    /// <summary>The names in it that are still to be looked at.</summary>
    internal NamePairs Names { get; } =
        new(Lower is null ? [] : SortedNames.Of(Lower), SortedNames.Of(Upper));

    /// <inheritdoc/>
    public void Dispose()
    {
        Lower?.Dispose();
        Upper.Dispose();
    }

    internal static SafeFileHandle Open(in TreeFile directory) => Linux.Syscalls.Open.At(
        directory.Directory,
        directory.Name,
        OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
}
