using CliWrap;
using CliWrap.Buffered;
using Gantry.Linux.Mounts;
using Gantry.Testing;

namespace Gantry.Durability.Tests;

/// <summary>A filesystem in a file, mounted through a loop device.</summary>
internal sealed class LoopDisk : IAsyncDisposable
{
    private LoopDisk(string file, string mountPoint)
    {
        File = file;
        MountPoint = mountPoint;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Where it is mounted.</summary>
    public string MountPoint { get; }

    /// <summary>The loop device, as long as it is mounted.</summary>
    public string Device => MountInfo.ReadBelow(MountPoint)[0].Source;

    /// <summary>Makes a filesystem and mounts it.</summary>
    /// <param name="type">Its type: <c>ext4</c>, <c>btrfs</c>.</param>
    /// <param name="size">Its size, in bytes.</param>
    /// <param name="file">The file, which is made.</param>
    /// <param name="mountPoint">Where to mount it; made if need be.</param>
    /// <param name="options">Options of the mount.</param>
    /// <param name="make">More arguments of mkfs.</param>
    public static async Task<LoopDisk> MakeAsync(
        string type,
        long size,
        string file,
        string mountPoint,
        string options = "",
        params IReadOnlyList<string> make)
    {
        Needs.Root();
        string program = Needs.Program("mkfs." + type);
        await using (FileStream stream = new(file, FileMode.CreateNew))
        {
            stream.SetLength(size);
        }

        await Cli.Wrap(program).WithArguments(["-q", .. make, file]).ExecuteBufferedAsync();
        return await MountAsync(file, mountPoint, options);
    }

    /// <summary>Mounts a filesystem that is in a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="mountPoint">Where to mount it; made if need be.</param>
    /// <param name="options">Options of the mount.</param>
    public static async Task<LoopDisk> MountAsync(string file, string mountPoint, string options = "")
    {
        Directory.CreateDirectory(mountPoint);
        await Cli.Wrap(Needs.Program("mount"))
            .WithArguments(["-o", options.Length > 0 ? $"loop,{options}" : "loop", file, mountPoint])
            .ExecuteBufferedAsync();
        return new LoopDisk(file, mountPoint);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What is mounted on it, and it; the loop device goes with the last user.
        foreach (MountInfo mount in MountInfo.ReadBelow(MountPoint).Reverse())
        {
            MountCalls.Unmount(mount.MountPoint, UnmountFlags.MNT_DETACH | UnmountFlags.UMOUNT_NOFOLLOW);
        }

        await Task.CompletedTask;
    }
}
