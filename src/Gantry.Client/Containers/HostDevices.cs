using Gantry.Linux.Syscalls;
using Gantry.Oci.Runtime;

namespace Gantry.Client.Containers;

/// <summary>Looks up device nodes of this host, for containers that are to have them.</summary>
public static class HostDevices
{
    private const string Root = "/dev";
    private const int MaxDepth = 16;

    /// <summary>What a container has of its own.</summary>
    private static readonly string[] NotPassedOn =
        ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"];

    /// <summary>The device at a path, or all below a directory.</summary>
    /// <param name="path">A device, a link to one, or a directory.</param>
    /// <param name="containerPath">Where the container is to have it; empty: at the same path.</param>
    /// <exception cref="FormatException">There is nothing, or no device.</exception>
    public static IReadOnlyList<SpecDevice> Of(string path, string containerPath = "")
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(containerPath);
        string target = Path.GetFullPath(path);
        string destination = containerPath.Length > 0 ? containerPath : target;
        if (!destination.StartsWith('/'))
        {
            throw new FormatException($"device \"{path}\": \"{destination}\" in the container is not absolute");
        }

        if (Directory.Exists(target))
        {
            List<SpecDevice> devices = [];
            Walk(target, destination, devices, depth: 0);
            return devices;
        }

        if (!File.Exists(target))
        {
            throw new FormatException($"device \"{path}\": there is no such file");
        }

        string real = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;
        return Stat.TryPath(real, out FileStatus status) == 0 && ToDevice(destination, status) is { } device
            ? [device]
            : throw new FormatException($"device \"{path}\": not a device node");
    }

    /// <summary>All devices of the host, but those that a container has of its own.</summary>
    public static IReadOnlyList<SpecDevice> All() => Of(Root);

    private static void Walk(string directory, string destination, List<SpecDevice> devices, int depth)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(directory).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(entry);
            if (NotPassedOn.Contains(name) || Stat.TryPath(entry, out FileStatus status) != 0)
            {
                continue;
            }

            string path = $"{destination}/{name}";
            if (status.IsDirectory)
            {
                if (depth < MaxDepth)
                {
                    Walk(entry, path, devices, depth + 1);
                }
            }
            else if (ToDevice(path, status) is { Type: not "p" } device)
            {
                devices.Add(device);
            }
        }
    }

    private static SpecDevice? ToDevice(string path, FileStatus status)
    {
        string? type = (status.Mode & InodeMode.S_IFMT) switch
        {
            InodeMode.S_IFCHR => "c",
            InodeMode.S_IFBLK => "b",
            InodeMode.S_IFIFO => "p",
            _ => null,
        };
        return type is null
            ? null
            : new SpecDevice
            {
                Path = path,
                Type = type,
                Major = status.RdevMajor,
                Minor = status.RdevMinor,
                FileMode = status.Mode & ~InodeMode.S_IFMT,
                Uid = status.Uid,
                Gid = status.Gid,
            };
    }
}
