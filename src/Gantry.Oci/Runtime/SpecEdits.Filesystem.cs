namespace Gantry.Oci.Runtime;

public static partial class SpecEdits
{
    private static readonly string[] Propagations =
        ["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"];

    /// <summary>Adds mounts.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="mounts">The mounts, in order.</param>
    public static RuntimeSpec WithMounts(this RuntimeSpec spec, IReadOnlyList<SpecMount> mounts)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return mounts.Count == 0 ? spec : spec with { Mounts = [.. spec.Mounts ?? [], .. mounts] };
    }

    /// <summary>Makes the root filesystem read-only.</summary>
    /// <param name="spec">The spec.</param>
    public static RuntimeSpec WithReadOnlyRoot(this RuntimeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec with { Root = (spec.Root ?? new SpecRoot()) with { Readonly = true } };
    }

    /// <summary>Takes a directory of the host as root filesystem.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="path">The directory, absolute.</param>
    public static RuntimeSpec WithRootPath(this RuntimeSpec spec, string path)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec with { Root = (spec.Root ?? new SpecRoot()) with { Path = path } };
    }

    /// <summary>Sets how mounts on the root filesystem are passed on.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="propagation">Such as <c>rslave</c>, see mount_namespaces(7).</param>
    /// <exception cref="FormatException">There is no such propagation.</exception>
    public static RuntimeSpec WithRootfsPropagation(this RuntimeSpec spec, string propagation) =>
        Propagations.Contains(propagation)
            ? OnLinux(spec, l => l with { RootfsPropagation = propagation })
            : throw new FormatException(
                $"rootfs propagation \"{propagation}\": not one of {string.Join(", ", Propagations)}");

    /// <summary>Sees to it that mounts that want to be passed on are: the root has to allow it.</summary>
    /// <param name="spec">The spec with all its mounts.</param>
    public static RuntimeSpec WithPropagationOfMounts(this RuntimeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Linux?.RootfsPropagation is not null)
        {
            return spec;
        }

        string[] options = [.. (spec.Mounts ?? []).SelectMany(m => m.Options ?? [])];
        return options.Any(o => o is "shared" or "rshared") ? spec.WithRootfsPropagation("shared")
            : options.Any(o => o is "slave" or "rslave") ? spec.WithRootfsPropagation("rslave")
            : spec;
    }

    /// <summary>Sets the size of <c>/dev/shm</c>.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="bytes">The size.</param>
    public static RuntimeSpec WithSharedMemorySize(this RuntimeSpec spec, long bytes)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec with
        {
            Mounts =
            [
                .. (spec.Mounts ?? []).Select(m => m is { Destination: "/dev/shm", Type: "tmpfs" }
                    ? m with { Options = [.. (m.Options ?? []).Where(o => !IsSize(o)), $"size={bytes}"] }
                    : m),
            ],
        };
    }

    /// <summary>Adds devices, and allows their use.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="access">Some of <c>rwm</c>: read, write, make nodes.</param>
    /// <exception cref="FormatException">The access is none.</exception>
    public static RuntimeSpec WithDevices(this RuntimeSpec spec, IReadOnlyList<SpecDevice> devices, string access)
    {
        if (access.Length == 0 || access.Any(c => c is not ('r' or 'w' or 'm')))
        {
            throw new FormatException($"device access \"{access}\": not some of r, w and m");
        }

        RuntimeSpec with = OnLinux(spec, l => l with { Devices = [.. l.Devices ?? [], .. devices] });
        return OnResources(with, r => r with
        {
            Devices =
            [
                .. r.Devices ?? [],
                .. devices.Select(d => new SpecDeviceRule
                {
                    Allow = true,
                    Type = d.Type,
                    Major = d.Major,
                    Minor = d.Minor,
                    Access = access,
                }),
            ],
        });
    }

    private static bool IsSize(string option) => option.StartsWith("size=", StringComparison.Ordinal);
}
