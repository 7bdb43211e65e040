namespace Gantry.Archive.Diff;

/// <summary>
/// Tells whether names that shared a file still do. Of files that are otherwise unchanged, each one before must stand
/// for one now, and the other way round.
/// </summary>
internal sealed class LinkPairs
{
    private readonly Dictionary<(ulong Device, ulong Inode), (ulong Device, ulong Inode)> _upper = [];
    private readonly Dictionary<(ulong Device, ulong Inode), (ulong Device, ulong Inode)> _lower = [];

    internal bool Match(in TreeFile lower, in TreeFile upper)
    {
        if (!lower.MayBeLinked && !upper.MayBeLinked)
        {
            return true;
        }

        if ((_upper.TryGetValue(lower.Identity, out (ulong, ulong) now) && now != upper.Identity)
            || (_lower.TryGetValue(upper.Identity, out (ulong, ulong) before) && before != lower.Identity))
        {
            return false;
        }

        _upper[lower.Identity] = upper.Identity;
        _lower[upper.Identity] = lower.Identity;
        return true;
    }
}
