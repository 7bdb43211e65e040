using Gantry.Archive.Apply;
using Gantry.Core.Mounts;

namespace Gantry.Archive.Diff;

/// <summary>What can be read without a mount being made.</summary>
internal static class DiffSource
{
    /// <summary>The overlay whose upper directory alone holds the change from one set of mounts to another.</summary>
    /// <returns>Null unless the other is exactly what lies below that overlay.</returns>
    internal static OverlayUpper? Upper(IReadOnlyList<Mount> lower, IReadOnlyList<Mount> upper)
    {
        if (upper is not [{ Type: "overlay", Target: "" } overlay]
            || MountText.Find(overlay, "upperdir=") is not { } directory
            || MountText.IsMapped(overlay))
        {
            return null;
        }

        IReadOnlyList<string> below = MountText.LowerDirectories(overlay);
        return below.SequenceEqual(Directories(lower), StringComparer.Ordinal)
            ? new OverlayUpper(directory, below, MountText.Has(overlay, "userxattr"))
            : null;
    }

    /// <summary>
    /// The same mounts for reading only. An overlay in use is not mounted a second time with its work directory: its
    /// upper directory becomes the topmost of the lower ones.
    /// </summary>
    internal static IReadOnlyList<Mount> ReadOnly(IReadOnlyList<Mount> mounts) => [.. mounts.Select(ReadOnly)];

    private static Mount ReadOnly(Mount mount)
    {
        string[] writing = ["rw", "ro", "volatile"];
        IEnumerable<string> options = mount.Options.Where(option => !writing.Contains(option, StringComparer.Ordinal));
        if (mount.Type == "overlay" && MountText.Find(mount, "upperdir=") is { } upper)
        {
            string below = MountText.Find(mount, "lowerdir=") ?? "";
            string escaped = upper.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace(":", "\\:", StringComparison.Ordinal);
            string[] directories = ["upperdir=", "workdir=", "lowerdir="];
            options = options
                .Where(option => !directories.Any(key => option.StartsWith(key, StringComparison.Ordinal)))
                .Append($"lowerdir={escaped}:{below}");
        }

        return mount with { Options = ["ro", .. options] };
    }

    /// <summary>The directories that a set of mounts shows, the nearest first; none when it is not made of such.</summary>
    private static IReadOnlyList<string> Directories(IReadOnlyList<Mount> mounts)
    {
        if (mounts is not [{ Target: "" } mount] || MountText.IsMapped(mount))
        {
            return [];
        }

        if (mount.Type == "overlay")
        {
            return MountText.Find(mount, "upperdir=") is null ? MountText.LowerDirectories(mount) : [];
        }

        return MountText.IsBind(mount) ? [mount.Source] : [];
    }
}
