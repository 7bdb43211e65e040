using Gantry.Archive.Tar;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <content>
/// What the layer deletes. That is only ever something of the layers below: a file that this layer has made itself
/// stays, in whatever order the two come (image-spec, layer.md, Whiteouts).
/// </content>
internal sealed partial class LayerWriter
{
    private void ApplyWhiteout(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        if (path.Name.SequenceEqual(Whiteout.Opaque))
        {
            parent = RemoveForeign(parent, path, "."u8);
            if (_options.OverlayMode)
            {
                MakeOpaque(parent, "."u8);
            }

            return;
        }

        ReadOnlySpan<byte> name = Whiteout.Target(path);
        parent = RemoveForeign(parent, path, name);
        if (_options.OverlayMode)
        {
            Hide(parent, path, name, entry);
        }
    }

    /// <summary>Hides a name of the layers below from the overlay.</summary>
    private void Hide(OpenDirectory parent, LayerPath path, ReadOnlySpan<byte> name, TarEntry entry)
    {
        int errno = Link.TryMakeNode(parent.Handle, name, InodeMode.S_IFCHR, 0, 0);
        if (errno == 0)
        {
            Ownership.SetAt(parent.Handle, name, entry.Uid, entry.Gid);
        }
        else if (errno == Errno.EEXIST)
        {
            // This layer's own file hides what is below by itself; a directory must be told to.
            Check("statx", path, Stat.TryAt(parent.Handle, name, out FileStatus status));
            if (status.IsDirectory)
            {
                MakeOpaque(parent, name);
            }
        }
        else
        {
            Check("mknodat", path, errno);
        }
    }

    /// <summary>Removes a name, or <c>.</c>, and all below it, but for what this layer has made.</summary>
    /// <returns>The directory, opened anew.</returns>
    private OpenDirectory RemoveForeign(OpenDirectory parent, LayerPath path, ReadOnlySpan<byte> name)
    {
        if (_own is null || Stat.TryAt(parent.Handle, name, out FileStatus status) != 0)
        {
            return parent;
        }

        if (name.SequenceEqual("."u8))
        {
            RemoveForeignIn(parent.Handle, name);
        }
        else
        {
            RemoveForeign(parent.Handle, name, status);
        }

        // Directories that are open may be gone.
        _tree.Forget();
        return _tree.Enter(path.Directory);
    }

    /// <returns>True when the name is gone.</returns>
    private bool RemoveForeign(SafeFileHandle parent, ReadOnlySpan<byte> name, in FileStatus status)
    {
        bool isOwn = IsOwn(status);
        if (status.IsDirectory)
        {
            bool isEmpty = RemoveForeignIn(parent, name);
            if (!isOwn && isEmpty)
            {
                CheckRemoved(name, Link.TryRemoveDirectory(parent, name));
            }

            return !isOwn && isEmpty;
        }

        if (!isOwn)
        {
            CheckRemoved(name, Link.TryUnlink(parent, name));
        }

        return !isOwn;
    }

    /// <returns>True when nothing is left in the directory.</returns>
    private bool RemoveForeignIn(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        using SafeFileHandle directory = Open.At(
            parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
        bool isEmpty = true;
        foreach (DirectoryEntry entry in DirectoryTree.List(directory))
        {
            if (Stat.TryAt(directory, entry.Name, out FileStatus status) == 0)
            {
                isEmpty &= RemoveForeign(directory, entry.Name, status);
            }
        }

        return isEmpty;
    }

    private static void CheckRemoved(ReadOnlySpan<byte> name, int errno)
    {
        if (errno is not (0 or Errno.ENOENT))
        {
            throw new LinuxException("unlinkat", System.Text.Encoding.UTF8.GetString(name), errno);
        }
    }
}
