using Gantry.Core.Mounts;

namespace Gantry.Runtime.Mounts;

/// <summary>A mount, and what is to be done to it first.</summary>
/// <param name="Mount">The mount, its type without prefixes.</param>
/// <param name="Transforms">What its prefixes stood for, in order.</param>
internal sealed record PlannedMount(Mount Mount, IReadOnlyList<IMountTransform> Transforms)
{
    /// <summary>The mount after all of its transforms.</summary>
    public async Task<Mount> TransformAsync(
        IReadOnlyList<ActiveMount> active,
        CancellationToken cancellationToken)
    {
        Mount mount = Mount;
        foreach (IMountTransform transform in Transforms)
        {
            mount = await transform.ApplyAsync(mount, active, cancellationToken);
        }

        return mount;
    }
}
