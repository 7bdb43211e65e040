using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;

namespace Gantry.Api.Mapping;

/// <summary>What a container's cgroups count, as clients know it: the shim tells it, and the daemon reads it itself.</summary>
public static class CgroupMapping
{
    private const string V1Type = "io.containerd.cgroups.v1.Metrics";
    private const string V2Type = "io.containerd.cgroups.v2.Metrics";

    /// <summary>Reads the counters of cgroups, in the message of the machine's version.</summary>
    /// <param name="paths">Where.</param>
    /// <exception cref="GantryException">NotFound: there is no such cgroup.</exception>
    public static TypedBytes ReadMetrics(this CgroupPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (!paths.Unified)
        {
            return Pack(CgroupV1Stats.Read(paths).ToMessage());
        }

        string directory = paths.UnifiedDirectory
            ?? throw new GantryException(ErrorKind.NotFound, "cgroup does not exist");
        return Pack(CgroupV2Stats.Read(directory).ToMessage());
    }

    /// <summary>Packs what version 1 counts.</summary>
    /// <param name="metrics">The counters.</param>
    public static TypedBytes Pack(Cgroups.V1.Metrics metrics) => TypeUrl.Pack(V1Type, metrics);

    /// <summary>Packs what version 2 counts.</summary>
    /// <param name="metrics">The counters.</param>
    public static TypedBytes Pack(Cgroups.V2.Metrics metrics) => TypeUrl.Pack(V2Type, metrics);
}
