using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>
/// Does for a layer that was applied before those below it what <see cref="LayerWriter"/> does at once for one that is
/// applied after them: the result is the same.
/// </summary>
public static class LayerAttacher
{
    private static ReadOnlySpan<byte> DefaultAcl => "system.posix_acl_default"u8;

    /// <inheritdoc cref="AttachLayer"/>
    public static void Attach(string upper, IReadOnlyList<string> lower, DetachedNote note, bool userXattr)
    {
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentNullException.ThrowIfNull(note);
        LayerAttributes attributes = new(overlayMode: true, userXattr);
        using LowerLayers below = new(lower, attributes.OpaqueName);
        using SafeFileHandle root = Open.Directory(upper);
        Dictionary<byte[], uint> groups = new(BytesComparer.Instance);
        foreach (ImpliedDirectory directory in note.Directories)
        {
            Attach(root, below, attributes, directory, groups);
        }
    }

    private static void Attach(
        SafeFileHandle root,
        LowerLayers below,
        LayerAttributes attributes,
        ImpliedDirectory directory,
        Dictionary<byte[], uint> groups)
    {
        LayerPath path = new(directory.Path);
        using SafeFileHandle? from = below.FindDirectory(path.Bytes);
        FileStatus status = default;
        if (from is not null)
        {
            status = Stat.Of(from);
            ThrowIfInherited(from, path);
            if ((status.Mode & InodeMode.S_ISGID) != 0)
            {
                groups[path.Bytes] = status.Gid;
            }
        }

        if (directory.IsReplaced)
        {
            return;
        }

        // A file may have taken the directory's place since.
        using SafeFileHandle? parent = Open.TryBeneath(
            root,
            path.Directory.IsEmpty ? "."u8 : path.Directory,
            OpenFlags.O_PATH | OpenFlags.O_DIRECTORY,
            ResolveFlags.Beneath | ResolveFlags.NoSymlinks,
            0,
            out _);
        if (parent is null || Stat.TryAt(parent, path.Name, out FileStatus own) != 0 || !own.IsDirectory)
        {
            return;
        }

        if (from is not null)
        {
            attributes.Copy(from, status, parent, path);
            FileTimes.SetAt(parent, path.Name, status.Accessed, status.Modified);
        }
        else if (groups.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(path.Directory, out uint group))
        {
            // It would have been made in a directory whose group goes to what is made in it.
            Ownership.SetAt(parent, path.Name, own.Uid, group);
        }
    }

    /// <summary>Files made in a directory with a default list of access rights get these from it.</summary>
    private static void ThrowIfInherited(SafeFileHandle from, LayerPath path)
    {
        if (Xattr.Get(from, DefaultAcl) is not null)
        {
            throw new GantryException(
                ErrorKind.NotImplemented, $"directory {path} below has default access rights for what is made in it");
        }
    }
}
