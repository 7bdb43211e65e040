using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Mounts;

namespace Gantry.Runtime.Mounts;

/// <summary>
/// A mount of type <c>loop</c>: a file behind a loop device, and at its mount point a link to the device. Options:
/// <c>ro</c>, and <c>direct</c> for direct I/O. The device carries the path of the link as its name, so that one that was
/// given to somebody else meanwhile is told from ours.
/// </summary>
internal static class LoopLink
{
    /// <summary>The type.</summary>
    public const string Type = "loop";

    private const string BackingFile = "file";

    /// <summary>Makes one.</summary>
    /// <exception cref="LinuxException">The file can't be opened, or there is no device.</exception>
    public static ActiveMount Make(Mount mount, string link, DateTimeOffset now)
    {
        // Until there is a link, the device goes with this process.
        using LoopDevice device = LoopDevice.Attach(
            mount.Source,
            mount.Options.Contains("ro"),
            mount.Options.Contains("direct") || mount.Options.Contains("direct-io"),
            link);
        File.CreateSymbolicLink(link, device.Path);
        device.SetAutoclear(false);
        return new ActiveMount(mount with { Source = device.Path }, link, now)
        {
            Data = new Dictionary<string, string>(StringComparer.Ordinal) { [BackingFile] = mount.Source },
        };
    }

    /// <summary>Whether the device of a link is still the one that it was made for.</summary>
    public static bool IsWhole(string link)
    {
        using LoopDevice? device = OpenOwn(link);
        return device is not null;
    }

    /// <summary>Gives the device back, once its last user has done so, and removes the link.</summary>
    public static void Remove(string link)
    {
        using LoopDevice? device = OpenOwn(link);
        device?.SetAutoclear(true);
        File.Delete(link);
    }

    private static LoopDevice? OpenOwn(string link)
    {
        if (new FileInfo(link).LinkTarget is not { } path)
        {
            return null;
        }

        LoopDevice device;
        try
        {
            device = LoopDevice.Existing(path);
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENXIO or Errno.ENODEV)
        {
            return null;
        }

        if (device.Name() == LoopDevice.KeptName(link))
        {
            return device;
        }

        device.Dispose();
        return null;
    }
}
