using Gantry.Core.Mounts;

namespace Gantry.Runtime.Mounts.Transforms;

/// <summary><c>format/</c>: fills in what is only known once the mounts before it are made.</summary>
internal sealed class FormatTransform : IMountTransform
{
    /// <inheritdoc/>
    public Task<Mount> ApplyAsync(
        Mount mount,
        IReadOnlyList<ActiveMount> active,
        CancellationToken cancellationToken) => Task.FromResult(mount with
        {
            Source = MountTemplate.Fill(mount.Source, active),
            Target = MountTemplate.Fill(mount.Target, active),
            Options = [.. mount.Options.Select(option => MountTemplate.Fill(option, active))],
        });
}
