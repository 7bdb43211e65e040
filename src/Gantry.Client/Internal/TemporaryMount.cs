using Gantry.Core.Mounts;
using Gantry.Linux.Mounts;

namespace Gantry.Client.Internal;

/// <summary>Mounts on a directory of this process's own, until disposal.</summary>
internal sealed class TemporaryMount : IDisposable
{
    private int _mounted;

    private TemporaryMount(string path) => Path = path;

    /// <summary>Where.</summary>
    public string Path { get; }

    /// <summary>Makes the mounts.</summary>
    /// <exception cref="Linux.LinuxException">One can't be made; none is left then.</exception>
    public static TemporaryMount Of(IReadOnlyList<Mount> mounts, bool readOnly)
    {
        TemporaryMount mounted = new(Directory.CreateTempSubdirectory("gantry-mount-").FullName);
        try
        {
            foreach (Mount mount in mounts)
            {
                MountCalls.Mount(
                    mount.Type,
                    mount.Source,
                    mounted.Path,
                    readOnly ? [.. mount.Options.Where(o => o != "rw"), "ro"] : mount.Options);
                mounted._mounted++;
            }

            return mounted;
        }
        catch
        {
            mounted.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        for (; _mounted > 0; _mounted--)
        {
            MountCalls.Unmount(Path, UnmountFlags.MNT_DETACH);
        }

        // Not recursive: should something still be mounted there, it must not be emptied.
        Directory.Delete(Path);
    }
}
