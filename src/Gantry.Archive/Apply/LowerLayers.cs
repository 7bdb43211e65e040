using System.Text;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>
/// The directories below an upper one, the nearest first, seen as the kernel's overlay would merge them: a whiteout or
/// an opaque directory hides what lies farther below.
/// </summary>
internal sealed class LowerLayers : IDisposable
{
    private readonly List<SafeFileHandle> _roots = [];
    private readonly byte[] _opaque;

    internal LowerLayers(IReadOnlyList<string> directories, byte[] opaque)
    {
        _opaque = opaque;
        try
        {
            foreach (string directory in directories)
            {
                _roots.Add(Open.Directory(directory));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle root in _roots)
        {
            root.Dispose();
        }

        _roots.Clear();
    }

    /// <summary>The directory that shows through at a path.</summary>
    /// <param name="path">A clean path.</param>
    /// <returns>Opened for reading and the caller's to dispose; null when there is none.</returns>
    internal SafeFileHandle? FindDirectory(ReadOnlySpan<byte> path)
    {
        foreach (SafeFileHandle root in _roots)
        {
            SafeFileHandle? found = Open.TryBeneath(
                root, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.InRoot, 0, out int errno);
            if (found is not null)
            {
                return found;
            }

            if (errno is Errno.ENOTDIR or Errno.ELOOP)
            {
                // A whiteout, a file, or links that lead nowhere: farther layers don't show.
                return null;
            }

            if (errno != Errno.ENOENT)
            {
                throw new LinuxException("openat2", Encoding.UTF8.GetString(path), errno);
            }

            if (IsHiddenBelow(root, path))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>The directory of the layer that has the file which shows through at a path.</summary>
    /// <param name="path">A clean path.</param>
    /// <param name="status">What is known of the file.</param>
    /// <returns>The caller's to dispose; null when nothing shows there.</returns>
    internal SafeFileHandle? FindParent(LayerPath path, out FileStatus status)
    {
        status = default;
        ReadOnlySpan<byte> directory = path.Directory.IsEmpty ? "."u8 : path.Directory;
        foreach (SafeFileHandle root in _roots)
        {
            SafeFileHandle? parent = Open.TryBeneath(
                root, directory, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.InRoot, 0, out int errno);
            if (parent is not null)
            {
                errno = Stat.TryAt(parent, path.Name, out status);
                if (errno == 0 && !status.IsWhiteout)
                {
                    return parent;
                }

                parent.Dispose();
            }

            if (errno != Errno.ENOENT || IsHiddenBelow(root, path.Directory))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>True when a directory on the way to a path is opaque, or is no directory, in this layer.</summary>
    private bool IsHiddenBelow(SafeFileHandle root, ReadOnlySpan<byte> path)
    {
        for (int end = 0; end < path.Length; end++)
        {
            int slash = path[end..].IndexOf((byte)'/');
            end = slash < 0 ? path.Length : end + slash;
            using SafeFileHandle? directory = Open.TryBeneath(
                root, path[..end], OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.InRoot, 0, out int errno);
            if (directory is null)
            {
                return errno != Errno.ENOENT;
            }

            if (Xattr.Get(directory, _opaque) is [(byte)'y'])
            {
                return true;
            }
        }

        return false;
    }
}
