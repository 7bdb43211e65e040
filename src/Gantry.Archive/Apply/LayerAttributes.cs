using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>The attributes that a layer may give its files, and those that a directory takes from one below it.</summary>
/// <param name="overlayMode">The layer goes to the upper directory of an overlay.</param>
/// <param name="userXattr">The overlay's own attributes begin with <c>user.</c>, not <c>trusted.</c>.</param>
internal sealed class LayerAttributes(bool overlayMode, bool userXattr)
{
    private readonly byte[] _overlayPrefix = userXattr ? "user.overlay."u8.ToArray() : "trusted.overlay."u8.ToArray();

    /// <summary>The attribute of a directory that hides what is below it.</summary>
    internal byte[] OpaqueName { get; } =
        userXattr ? "user.overlay.opaque"u8.ToArray() : "trusted.overlay.opaque"u8.ToArray();

    /// <summary>
    /// Trusted attributes are the host's, and a layer must not steer the overlay that it is part of: redirects,
    /// copies of metadata and the like.
    /// </summary>
    internal bool IsAllowed(ReadOnlySpan<byte> xattr) =>
        !xattr.StartsWith("trusted."u8) && !(overlayMode && xattr.StartsWith(_overlayPrefix));

    /// <summary>Gives a directory the owner, the extended attributes and the mode of another.</summary>
    internal void Copy(SafeFileHandle from, in FileStatus status, SafeFileHandle parent, LayerPath path)
    {
        Ownership.SetAt(parent, path.Name, status.Uid, status.Gid);
        CopyXattrs(from, parent, path);
        Permissions.SetAt(parent, path.Name, status.Mode);
    }

    internal void CopyXattrs(SafeFileHandle from, SafeFileHandle parent, LayerPath path)
    {
        foreach (byte[] name in Xattr.List(from))
        {
            if (!IsAllowed(name) || Xattr.Get(from, name) is not { } value)
            {
                continue;
            }

            int errno = Xattr.TrySetAt(parent, path.Name, name, value);
            if (errno is not (0 or Errno.EOPNOTSUPP))
            {
                throw LayerWriter.Failure("setxattr", path, errno);
            }
        }
    }
}
