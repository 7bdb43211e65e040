using Gantry.Core.Mounts;

namespace Gantry.Storage.Tests.Doctor;

/// <summary>Mounts that are only remembered.</summary>
internal sealed class FakeMounts : IMountDriver
{
    /// <summary>What has something on disk.</summary>
    public HashSet<long> There { get; } = [];

    public bool Handles(IReadOnlyList<Mount> mounts, bool temporary) => true;

    public Task<ActivatedMounts> ActivateAsync(
        long id,
        IReadOnlyList<Mount> mounts,
        bool temporary,
        CancellationToken cancellationToken)
    {
        There.Add(id);
        return Task.FromResult(new ActivatedMounts([new ActiveMount(mounts[0], $"{id}", default)], []));
    }

    public Task DeactivateAsync(long id, CancellationToken cancellationToken)
    {
        There.Remove(id);
        return Task.CompletedTask;
    }

    public bool IsWhole(IReadOnlyList<ActiveMount> active) =>
        active.All(mount => There.Contains(long.Parse(mount.MountPoint, System.Globalization.CultureInfo.InvariantCulture)));

    public IReadOnlyList<long> ListIds() => [.. There];
}
