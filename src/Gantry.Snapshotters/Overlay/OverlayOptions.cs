namespace Gantry.Snapshotters.Overlay;

/// <summary>The keys of containerd's <c>io.containerd.snapshotter.v1.overlayfs</c>.</summary>
public sealed record OverlayOptions
{
    /// <summary>Options added to every overlay mount; null: those that the kernel needs (<c>index=off</c>, <c>userxattr</c>).</summary>
    public IReadOnlyList<string>? MountOptions { get; init; }
}
