using Gantry.Archive.Apply;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;

namespace Gantry.Archive;

/// <summary>Where a layer goes without a mount being made.</summary>
/// <param name="Directory">The directory to write to.</param>
/// <param name="Options">How to write there.</param>
internal sealed record ApplyTarget(string Directory, ApplyOptions Options)
{
    /// <summary>
    /// The directory behind a single writable bind mount, or the upper directory of a single overlay.
    /// </summary>
    /// <returns>Null when the mounts have to be made.</returns>
    internal static ApplyTarget? Of(IReadOnlyList<Mount> mounts, ApplyOptions options)
    {
        if (mounts is not [{ Target: "" } mount])
        {
            return null;
        }

        if (mount.Type == "overlay")
        {
            return OfOverlay(mount, options);
        }

        bool isWritableBind = MountText.IsBind(mount) && !MountText.Has(mount, "ro");
        return isWritableBind && mount.Source.StartsWith('/')
            ? new ApplyTarget(mount.Source, options with { OverlayMode = false })
            : null;
    }

    private static ApplyTarget? OfOverlay(Mount mount, ApplyOptions options)
    {
        string? upper = MountText.Find(mount, "upperdir=");
        if (upper is null || MountText.Has(mount, "ro") || MountText.IsMapped(mount))
        {
            return null;
        }

        return new ApplyTarget(upper, options with
        {
            OverlayMode = true,
            LowerDirectories = MountText.LowerDirectories(mount),
            DetachedNote = MountText.Find(mount, DetachedNote.MountOption),
            UserXattr = MountText.Has(mount, "userxattr"),
        });
    }
}
