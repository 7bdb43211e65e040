using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <content>Directories that the layer has files in and does not mention.</content>
internal sealed partial class LayerWriter
{
    /// <summary>
    /// Makes a missing directory with mode 0755, or with the attributes of the one below that it stands for.
    /// </summary>
    private bool MakeImplied(OpenDirectory parent, byte[] name)
    {
        LayerPath path = new(LayerPath.Join(parent.Path, name));
        int errno = Link.TryMakeDirectory(parent.Handle, name, ImpliedDirectoryMode);
        bool isOpaque = false;
        if (errno == Errno.EEXIST)
        {
            Check("statx", path, Stat.TryAt(parent.Handle, name, out FileStatus status));
            if (!_options.OverlayMode || !status.IsWhiteout)
            {
                return false;
            }

            // The layer has deleted the directory below and makes a new one in its place.
            isOpaque = true;
            Check("unlinkat", path, Link.TryUnlink(parent.Handle, name));
            errno = Link.TryMakeDirectory(parent.Handle, name, ImpliedDirectoryMode);
        }

        Check("mkdirat", path, errno);
        Permissions.SetAt(parent.Handle, name, ImpliedDirectoryMode);
        if (isOpaque)
        {
            MakeOpaque(parent, name);
        }
        else if (_implied is not null)
        {
            _implied[path.Bytes] = false;
        }
        else
        {
            CopyFromBelow(parent, path);
        }

        if (_own is not null && Stat.TryAt(parent.Handle, name, out FileStatus made) == 0)
        {
            Own(made);
        }

        return true;
    }

    private void CopyFromBelow(OpenDirectory parent, LayerPath path)
    {
        using SafeFileHandle? below = _lower.FindDirectory(path.Bytes);
        if (below is null)
        {
            return;
        }

        FileStatus status = Stat.Of(below);
        _attributes.Copy(below, status, parent.Handle, path);
        _directoryTimes[path.Bytes] = (status.Accessed, status.Modified);
    }

    /// <summary>
    /// A directory that was there before keeps its times, unless the layer gives it others: putting a file in is no
    /// change of it that the layer tells of.
    /// </summary>
    private void KeepTimes(OpenDirectory directory)
    {
        if (_own is not null && !_directoryTimes.ContainsKey(directory.Path))
        {
            FileStatus status = Stat.Of(directory.Handle);
            if (!IsOwn(status))
            {
                _directoryTimes.Add(directory.Path, (status.Accessed, status.Modified));
            }
        }
    }

    private void MakeOpaque(OpenDirectory parent, ReadOnlySpan<byte> name)
    {
        int errno = Xattr.TrySetAt(parent.Handle, name, _attributes.OpaqueName, "y"u8);
        Check("setxattr", new LayerPath(LayerPath.Join(parent.Path, name)), errno);
    }
}
