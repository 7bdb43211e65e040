using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the files that a container sees.</summary>
internal sealed class FilesystemOptions
{
    public Option<string> Snapshotter { get; } = GlobalOptions.Snapshotter();

    public Option<string[]> SnapshotterLabels { get; } = Repeated.Option(
        "--snapshotter-label", "label", "Label of the container's snapshot, key=value");

    public Option<bool> Rootfs { get; } = new("--rootfs")
    {
        Description = "The image argument is a directory, to be the root filesystem as it is",
    };

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "Make the root filesystem read-only" };

    public Option<string?> Propagation { get; } = new("--rootfs-propagation")
    {
        Description = "How mounts on the root filesystem are passed on: private, shared, slave, or with r before it",
        HelpName = "propagation",
    };

    public Option<string[]> Mounts { get; } = Repeated.Option(
        "--mount", "mount", "Mount, type=bind,src=/a,dst=/b,options=rbind:ro");

    public Option<string[]> Volumes { get; } = Repeated.Option(
        "--volume", "volume", "Bind mount, /a:/b or /a:/b:ro", "-v");

    public Option<string[]> Tmpfs { get; } = Repeated.Option(
        "--tmpfs", "tmpfs", "Empty filesystem in memory, /a or /a:size=64m,mode=1777");

    public Option<long?> SharedMemory { get; } = new("--shm-size")
    {
        Description = "Size of /dev/shm (64m)",
        HelpName = "size",
        CustomParser = Values.Size,
    };

    public Option<string[]> Devices { get; } = Repeated.Option(
        "--device", "device", "Device of the host, /dev/a, /dev/a:/dev/b or /dev/a:/dev/b:rwm; or a directory of them");

    public void AddTo(Command command)
    {
        command.Add(Snapshotter);
        command.Add(SnapshotterLabels);
        command.Add(Rootfs);
        command.Add(ReadOnly);
        command.Add(Propagation);
        command.Add(Mounts);
        command.Add(Volumes);
        command.Add(Tmpfs);
        command.Add(SharedMemory);
        command.Add(Devices);
    }

    /// <exception cref="FormatException">One is malformed.</exception>
    public RuntimeSpec Apply(RuntimeSpec spec, ParseResult parse)
    {
        spec = spec.WithMounts(
        [
            .. parse.GetValue(Mounts)!.Select(MountOption.Parse),
            .. parse.GetValue(Volumes)!.Select(MountOption.ParseVolume),
            .. parse.GetValue(Tmpfs)!.Select(MountOption.ParseTmpfs),
        ]);
        spec = parse.GetValue(SharedMemory) is { } bytes ? spec.WithSharedMemorySize(bytes) : spec;
        spec = parse.GetValue(ReadOnly) ? spec.WithReadOnlyRoot() : spec;
        return parse.GetValue(Propagation) is { } propagation
            ? spec.WithRootfsPropagation(propagation)
            : spec.WithPropagationOfMounts();
    }

    /// <summary>Adds the devices; after the privileges, which set the rules about them.</summary>
    /// <exception cref="FormatException">One is malformed.</exception>
    public RuntimeSpec ApplyDevices(RuntimeSpec spec, ParseResult parse)
    {
        foreach (string device in parse.GetValue(Devices)!)
        {
            spec = DeviceOption.Apply(spec, device);
        }

        return spec;
    }
}
