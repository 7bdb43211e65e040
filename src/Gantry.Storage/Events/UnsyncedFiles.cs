using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Events;

/// <summary>What has been written and may not be on the disk. It owns the full files, not the active one.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Full">Files that nothing more is written into.</param>
/// <param name="Active">The file that is being written, if something was.</param>
/// <param name="Names">Whether the directory has new names.</param>
internal sealed record UnsyncedFiles(string Directory, List<SafeFileHandle> Full, SafeFileHandle? Active, bool Names)
{
    /// <summary>Brings it to the disk: the bytes, and then the names.</summary>
    /// <exception cref="IOException">Not all of it is there; what is not is still in here.</exception>
    public void Sync()
    {
        while (Full.Count > 0)
        {
            FileSync.Fdatasync(Full[0]);
            Full[0].Dispose();
            Full.RemoveAt(0);
        }

        if (Active is not null)
        {
            FileSync.Fdatasync(Active);
        }

        if (Names)
        {
            FileSync.FsyncDirectory(Directory);
        }
    }
}
