using Gantry.Archive.Tar;

namespace Gantry.Archive.Apply;

/// <summary>How a layer is applied.</summary>
public sealed record ApplyOptions
{
    /// <summary>
    /// The directory is the upper directory of an overlay: what the layer deletes becomes a whiteout or an opaque
    /// directory of overlayfs. Otherwise it is deleted.
    /// </summary>
    public bool OverlayMode { get; init; }

    /// <summary>
    /// In overlay mode: the directories below, the nearest first. Directories that the layer does not mention take
    /// their attributes from them, and a hard link may point to a file in them.
    /// </summary>
    public IReadOnlyList<string> LowerDirectories { get; init; } = [];

    /// <summary>
    /// In overlay mode, when the directories below are not there yet: the file that gets a
    /// <see cref="Core.Snapshots.DetachedNote"/> of what has to be done when they are.
    /// </summary>
    public string? DetachedNote { get; init; }

    /// <summary>The overlay is mounted with userxattr: its attributes begin with <c>user.</c>, not <c>trusted.</c>.</summary>
    public bool UserXattr { get; init; }

    /// <summary>What the archive may ask for.</summary>
    public TarLimits Limits { get; init; } = TarLimits.Default;

    /// <summary>Bytes that a layer may hold unpacked: 1 TiB.</summary>
    public long MaxUncompressedSize { get; init; } = 1L << 40;
}
