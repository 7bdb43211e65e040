using Gantry.Core.Namespaces;
using Gantry.Linux.Cgroups;

namespace Gantry.Runtime.Tasks;

/// <summary>A task as it is known without asking its shim.</summary>
/// <param name="Identity">The same object as long as it is the same task; another when its id is used anew.</param>
/// <param name="Namespace">The namespace.</param>
/// <param name="Id">Its id, that of its container.</param>
/// <param name="Runtime">The name of its runtime; empty when an earlier daemon made it.</param>
/// <param name="Status">What its first process does, as far as the daemon was told.</param>
/// <param name="ShimAddress">Where its shim is; null when that does not answer.</param>
/// <param name="Cgroup">Its cgroups; null when they are not known, or count nothing of it: a shim may run virtual machines.</param>
public sealed record TaskView(
    object Identity,
    Namespace Namespace,
    string Id,
    string Runtime,
    ProcessStatus Status,
    string? ShimAddress,
    CgroupPaths? Cgroup);
