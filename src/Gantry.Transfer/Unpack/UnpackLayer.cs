using System.Collections.Immutable;
using Gantry.Core.Labels;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Unpack;

/// <summary>A layer that is to become a snapshot.</summary>
/// <param name="Descriptor">The layer.</param>
/// <param name="DiffId">The digest that it has unpacked.</param>
/// <param name="Chain">The name that the snapshot gets.</param>
/// <param name="Parent">The one below it; empty for none.</param>
/// <param name="IsLast">It is the topmost layer.</param>
/// <param name="Remote">What a remote snapshotter is told of it; empty for other snapshotters.</param>
internal sealed record UnpackLayer(
    Descriptor Descriptor,
    Digest DiffId,
    string Chain,
    string Parent,
    bool IsLast,
    IReadOnlyCollection<KeyValuePair<string, string>> Remote)
{
    /// <summary>Whether the snapshotter may have it without its being downloaded.</summary>
    public bool IsRemote => Remote.Count > 0;

    /// <summary>Whether it may be applied before the one below it.</summary>
    public bool CanBeDetached => Parent.Length > 0 && !IsRemote;

    /// <summary>What a snapshotter is told: the name it is to have, and what the image itself says to snapshotters.</summary>
    public ImmutableDictionary<string, string> Labels() =>
        ImmutableDictionary.CreateRange(
                Descriptor.Annotations.Where(annotation =>
                    annotation.Key.StartsWith(WellKnownLabels.SnapshotPrefix, StringComparison.Ordinal)
                    && annotation.Key != WellKnownLabels.Detached
                    && annotation.Key.Length + annotation.Value.Length <= LabelRules.MaxBytes / 4))
            .SetItems(Remote)
            .SetItem(WellKnownLabels.SnapshotRef, Chain);
}
