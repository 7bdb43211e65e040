using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>A directory of the root that is open for making names in it.</summary>
/// <param name="Handle">Opened with O_PATH.</param>
/// <param name="Path">Where it really is below the root: no symbolic link on the way.</param>
internal sealed record OpenDirectory(SafeFileHandle Handle, byte[] Path) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
