using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Commit;

/// <summary>What is to become an image.</summary>
/// <param name="Name">The name of the new image.</param>
/// <param name="Base">The manifest of the image that it is based on.</param>
/// <param name="Snapshotter">The snapshotter in which that image's layers are, or are put.</param>
/// <param name="Upper">The mounts of the changed tree.</param>
public sealed record CommitRequest(
    Reference Name,
    Descriptor Base,
    string Snapshotter,
    IReadOnlyList<Mount> Upper)
{
    /// <summary>What made the changes, for the history.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>Who made them; empty: the image says nothing new.</summary>
    public string Author { get; init; } = "";

    /// <summary>A comment for the history; empty for none.</summary>
    public string Message { get; init; } = "";

    /// <summary>Changes of the config, in order.</summary>
    public IReadOnlyList<ConfigChange> Changes { get; init; } = [];

    /// <summary>How the new layer is compressed.</summary>
    public CommitCompression Compression { get; init; }

    /// <summary>The time of the image, and the latest that a file of the layer may have; null for now, and none.</summary>
    public DateTimeOffset? SourceDateEpoch { get; init; }
}
