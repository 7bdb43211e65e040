using Gantry.Core.Mounts;

namespace Gantry.Runtime.Mounts;

/// <summary>What a prefix of a mount's type, such as <c>format/</c>, does to the mount before it is made.</summary>
internal interface IMountTransform
{
    /// <summary>Does it.</summary>
    /// <param name="mount">The mount, without the prefix in its type.</param>
    /// <param name="active">The mounts made so far.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The mount to be made.</returns>
    Task<Mount> ApplyAsync(Mount mount, IReadOnlyList<ActiveMount> active, CancellationToken cancellationToken);
}
