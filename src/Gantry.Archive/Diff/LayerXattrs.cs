using Gantry.Archive.Tar;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>
/// The extended attributes that belong to a file and not to the machine it is on: no overlay's own ones, no labels of
/// the host's security modules, no trusted ones.
/// </summary>
internal static class LayerXattrs
{
    /// <summary>The attributes of a name in a directory, ordered by name.</summary>
    internal static IReadOnlyList<TarXattr> Of(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        IReadOnlyList<byte[]> names = Xattr.ListAt(directory, name);
        if (names.Count == 0)
        {
            return [];
        }

        List<TarXattr> xattrs = [];
        foreach (byte[] xattr in names)
        {
            if (IsPortable(xattr) && Xattr.GetAt(directory, name, xattr) is { } value)
            {
                xattrs.Add(new TarXattr(xattr, value));
            }
        }

        xattrs.Sort((left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        return xattrs;
    }

    internal static bool AreEqual(IReadOnlyList<TarXattr> left, IReadOnlyList<TarXattr> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int i = 0; i < left.Count; i++)
        {
            if (!left[i].Name.AsSpan().SequenceEqual(right[i].Name)
                || !left[i].Value.AsSpan().SequenceEqual(right[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPortable(ReadOnlySpan<byte> name) =>
        !name.StartsWith("trusted."u8)
        && !name.StartsWith("user.overlay."u8)
        && !name.SequenceEqual("security.selinux"u8)
        && !name.SequenceEqual("security.ima"u8)
        && !name.SequenceEqual("security.evm"u8)
        && !name.SequenceEqual("system.nfs4_acl"u8);
}
