namespace Gantry.Oci.Runtime;

public static partial class SpecEdits
{
    /// <summary>Sets limits of the cgroup.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="FormatException">See <see cref="ResourceLimits.Over"/>.</exception>
    public static RuntimeSpec WithLimits(this RuntimeSpec spec, ResourceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return OnResources(spec, limits.Over);
    }

    /// <summary>Sets the path of the cgroup; empty: as the OCI runtime likes.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="path">The path, or <c>slice:prefix:name</c> with systemd.</param>
    public static RuntimeSpec WithCgroup(this RuntimeSpec spec, string path) =>
        OnLinux(spec, l => l with { CgroupsPath = path.Length == 0 ? null : path });

    /// <summary>Sets the class of cache and memory bandwidth.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="name">The class of service.</param>
    public static RuntimeSpec WithRdtClass(this RuntimeSpec spec, string name) =>
        OnLinux(spec, l => l with { IntelRdt = new SpecIntelRdt { ClosId = name } });
}
