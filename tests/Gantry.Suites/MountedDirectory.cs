using Gantry.Core.Mounts;
using Gantry.Linux.Mounts;

namespace Gantry.Suites;

/// <summary>Mounts of a snapshotter, really made, and taken away with the object.</summary>
public sealed class MountedDirectory : IDisposable
{
    private readonly int _count;

    public MountedDirectory(string path, IReadOnlyList<Mount> mounts)
    {
        Path = path;
        Directory.CreateDirectory(path);
        foreach (Mount mount in mounts)
        {
            MountCalls.Mount(mount.Type, mount.Source, path, mount.Options);
            _count++;
        }
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            MountCalls.Unmount(Path, UnmountFlags.MNT_DETACH);
        }
    }
}
