namespace Gantry.Snapshotters.Overlay;

/// <summary>The keys of containerd's <c>io.containerd.snapshotter.v1.overlayfs</c>.</summary>
public sealed record OverlayOptions
{
    /// <summary>Options added to every overlay mount; null: those that the kernel needs (<c>index=off</c>, <c>userxattr</c>).</summary>
    public IReadOnlyList<string>? MountOptions { get; init; }

    /// <summary>Whether a snapshot shows its upper directory as label <c>containerd.io/snapshot/overlay.upperdir</c>.</summary>
    public bool ShowUpperDirectory { get; init; }

    /// <summary>Whether a removal waits until the files are gone.</summary>
    public bool RemoveSynchronously { get; init; }

    /// <summary>Whether clients may fall back to changing the owner of every file where ids can't be mapped.</summary>
    public bool AllowSlowChown { get; init; }
}
