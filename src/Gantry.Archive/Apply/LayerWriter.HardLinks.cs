using System.Buffers;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <content>Hard links, to files of this layer and of those below.</content>
internal sealed partial class LayerWriter
{
    private const int CopyBufferSize = 128 * 1024;

    private void WriteHardLink(LayerPath path, TarEntry entry)
    {
        LayerPath target = LayerPath.Clean(entry.LinkName, _options.Limits);
        if (target.IsRoot)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"link {path}: the target is the root");
        }

        int errno = TryLink(target, path);
        if (errno == Errno.EEXIST)
        {
            Clear(_tree.Enter(path.Directory), path);
            errno = TryLink(target, path);
        }

        if (errno == Errno.ENOENT && _implied is not null)
        {
            throw new GantryException(
                ErrorKind.NotImplemented, $"link {path} to {target}: the layers below are not there yet");
        }

        if (errno == Errno.ENOENT && TryCopyUp(target))
        {
            errno = TryLink(target, path);
        }

        if (errno == Errno.EPERM)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"link {target} to {path}: operation not permitted");
        }

        Check("link", path, errno);
        UpdateAttributes(_tree.Enter(path.Directory), path, entry);
    }

    private int TryLink(LayerPath target, LayerPath path)
    {
        OpenDirectory parent = _tree.Enter(path.Directory);
        using OpenDirectory? from = _tree.Find(target.Directory);
        if (from is null)
        {
            return Errno.ENOENT;
        }

        if (_options.OverlayMode
            && Stat.TryAt(from.Handle, target.Name, out FileStatus status) == 0 && status.IsWhiteout)
        {
            throw Failure("link", target, Errno.ENOENT);
        }

        return Link.TryHard(from.Handle, target.Name, parent.Handle, path.Name);
    }

    /// <summary>
    /// Changes what the header of the link says otherwise. A change of owner to the same owner would cost a program
    /// its capabilities.
    /// </summary>
    private void UpdateAttributes(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        Check("statx", path, Stat.TryAt(parent.Handle, path.Name, out FileStatus status));
        if (status.Uid != entry.Uid || status.Gid != entry.Gid)
        {
            Ownership.SetAt(parent.Handle, path.Name, entry.Uid, entry.Gid);
        }

        SetXattrs(parent, path, entry);
        if (!status.IsSymbolicLink)
        {
            Permissions.SetAt(parent.Handle, path.Name, entry.Mode);
        }

        FileTimes.SetAt(parent.Handle, path.Name, Accessed(entry), Modified(entry));
        Own(status);
    }

    /// <summary>
    /// Copies a file of a layer below into this one, as the kernel's overlay does before it makes a link to it.
    /// </summary>
    /// <returns>False when nothing shows at that path.</returns>
    private bool TryCopyUp(LayerPath target)
    {
        using SafeFileHandle? below = _lower.FindParent(target, out FileStatus status);
        if (below is null || status.IsDirectory || IsHidden(target))
        {
            return false;
        }

        OpenDirectory parent = _tree.Enter(target.Directory);
        if (status.IsRegular)
        {
            CopyFile(below, status, parent, target);
            return true;
        }

        int errno = 0;
        if (status.IsSymbolicLink)
        {
            errno = Link.TryReadSymbolic(below, target.Name, out byte[]? text);
            errno = errno == 0 ? Link.TrySymbolic(text, parent.Handle, target.Name) : errno;
        }
        else
        {
            errno = Link.TryMakeNode(parent.Handle, target.Name, status.Mode, status.RdevMajor, status.RdevMinor);
        }

        Check("link", target, errno);
        Ownership.SetAt(parent.Handle, target.Name, status.Uid, status.Gid);
        if (!status.IsSymbolicLink)
        {
            Permissions.SetAt(parent.Handle, target.Name, status.Mode);
        }

        FileTimes.SetAt(parent.Handle, target.Name, status.Accessed, status.Modified);
        return true;
    }

    /// <summary>True when this layer has deleted or replaced a directory on the way.</summary>
    private bool IsHidden(LayerPath target)
    {
        ReadOnlySpan<byte> path = target.Directory;
        for (int end = 0; end < path.Length; end++)
        {
            int slash = path[end..].IndexOf((byte)'/');
            end = slash < 0 ? path.Length : end + slash;
            LayerPath directory = new(path[..end].ToArray());
            using OpenDirectory? parent = _tree.TryDirect(directory.Directory);
            if (parent is null || Stat.TryAt(parent.Handle, directory.Name, out FileStatus status) != 0)
            {
                return false;
            }

            if (!status.IsDirectory || Xattr.GetAt(parent.Handle, directory.Name, _attributes.OpaqueName) is [(byte)'y'])
            {
                return true;
            }
        }

        return false;
    }

    private void CopyFile(SafeFileHandle below, in FileStatus status, OpenDirectory parent, LayerPath target)
    {
        using SafeFileHandle source = Open.At(below, target.Name, OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW);
        using SafeFileHandle copy = CreateFile(parent, target);
        if (!FileClone.TryClone(source, copy))
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
            try
            {
                long offset = 0;
                for (int length; (length = RandomAccess.Read(source, buffer, offset)) > 0; offset += length)
                {
                    FileData.Write(copy, buffer.AsSpan(0, length));
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        Ownership.Set(copy, status.Uid, status.Gid);
        _attributes.CopyXattrs(source, parent.Handle, target);
        Permissions.Set(copy, status.Mode);
        FileTimes.Set(copy, status.Accessed, status.Modified);
    }
}
