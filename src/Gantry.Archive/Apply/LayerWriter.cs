using Gantry.Archive.Diff;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Apply;

/// <summary>Writes the entries of one layer into a directory. Each call works on one name in an open directory.</summary>
internal sealed partial class LayerWriter : IDisposable
{
    private const uint ImpliedDirectoryMode = 0x1ED; // 0755

    private readonly ApplyOptions _options;
    private readonly RootedTree _tree;
    private readonly LowerLayers _lower;
    private readonly LayerAttributes _attributes;
    private readonly bool _isInUserNamespace = UserNamespace.IsInside();

    /// <summary>
    /// When the directory was not empty at the start: the files that this layer has made, since what it deletes are
    /// never its own. Null when everything there is this layer's.
    /// </summary>
    private readonly HashSet<(ulong Device, ulong Inode)>? _own;

    /// <summary>Times that directories get at the end, when nothing in them changes any more, by real path.</summary>
    private readonly Dictionary<byte[], (Timespec Accessed, Timespec Modified)> _directoryTimes =
        new(BytesComparer.Instance);

    /// <summary>
    /// When the layers below are not there yet: the directories whose attributes are theirs to say, by real path, and
    /// whether the layer has said them itself since.
    /// </summary>
    private readonly OrderedDictionary<byte[], bool>? _implied;

    internal LayerWriter(string root, ApplyOptions options)
    {
        _options = options;
        _attributes = new LayerAttributes(options.OverlayMode, options.UserXattr);
        _implied = options.DetachedNote is null ? null : new OrderedDictionary<byte[], bool>(BytesComparer.Instance);
        _tree = new RootedTree(root, options.Limits, MakeImplied, KeepTimes);
        try
        {
            _own = DirectoryTree.List(_tree.Root.Handle).Count == 0 ? null : [];
            _lower = new LowerLayers(options.OverlayMode ? options.LowerDirectories : [], _attributes.OpaqueName);
        }
        catch
        {
            _tree.Dispose();
            throw;
        }
    }

    /// <summary>The directories that get their attributes from those below once these are there.</summary>
    internal IReadOnlyList<ImpliedDirectory> Implied =>
        _implied is null ? [] : [.. _implied.Select(directory => new ImpliedDirectory(directory.Key, directory.Value))];

    /// <summary>Extended attributes that were not set: trusted ones, and those that there can't be.</summary>
    internal long IgnoredXattrs { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tree.Dispose();
        _lower.Dispose();
    }

    /// <summary>Writes one entry, with its data.</summary>
    internal async ValueTask WriteAsync(TarEntry entry, TarReader reader, CancellationToken cancellationToken)
    {
        // Step 1: what makes no file. Like containerd, the root keeps the attributes that it has.
        LayerPath path = LayerPath.Clean(entry.Name, _options.Limits);
        if (entry.Type == TarEntryType.GlobalHeader || path.IsRoot || Whiteout.IsMetadata(path) || IsSkipped(entry))
        {
            return;
        }

        // Step 2: its directory.
        if (path.Name.StartsWith(Whiteout.Prefix))
        {
            // Where this layer has put a file in a directory's place, there is nothing left to delete.
            if (_tree.TryEnter(path.Directory) is { } place)
            {
                ApplyWhiteout(place, path, entry);
            }

            return;
        }

        OpenDirectory parent = _tree.Enter(path.Directory);

        // Step 3: the file, and what belongs to it.
        switch (entry.Type)
        {
            case TarEntryType.Regular:
                await WriteFileAsync(parent, path, entry, reader, cancellationToken);
                break;
            case TarEntryType.Directory:
                WriteDirectory(parent, path, entry);
                break;
            case TarEntryType.HardLink:
                WriteHardLink(path, entry);
                break;
            default:
                WriteSpecial(parent, path, entry);
                break;
        }
    }

    /// <summary>Gives directories their times, which making files in them has changed.</summary>
    internal void FinishDirectories()
    {
        foreach ((byte[] path, (Timespec accessed, Timespec modified)) in _directoryTimes)
        {
            // One that a later entry has removed or replaced is passed over.
            using OpenDirectory? directory = _tree.TryDirect(path);
            if (directory is not null)
            {
                FileTimes.SetAt(directory.Handle, "."u8, accessed, modified);
            }
        }
    }

    /// <summary>The error of a call: the layer's fault where only its names can be the reason.</summary>
    internal static Exception Failure(string call, LayerPath path, int errno)
    {
        LinuxException failure = new(call, path.ToString(), errno);
        return errno is Errno.ENAMETOOLONG or Errno.ELOOP or Errno.ENOTDIR or Errno.EINVAL or Errno.ENOENT
            or Errno.EISDIR or Errno.EMLINK
            ? new GantryException(ErrorKind.InvalidArgument, failure.Message, failure)
            : failure;
    }

    private static void Check(string call, LayerPath path, int errno)
    {
        if (errno != 0)
        {
            throw Failure(call, path, errno);
        }
    }

    private bool IsSkipped(TarEntry entry) =>
        _isInUserNamespace && entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;

    private async ValueTask WriteFileAsync(
        OpenDirectory parent,
        LayerPath path,
        TarEntry entry,
        TarReader reader,
        CancellationToken cancellationToken)
    {
        using SafeFileHandle file = CreateFile(parent, path);
        long position = 0;
        while (true)
        {
            TarPiece piece = await reader.ReadDataAsync(cancellationToken);
            if (piece.Bytes.IsEmpty)
            {
                break;
            }

            if (entry.IsSparse)
            {
                FileData.WriteAt(file, piece.Bytes.Span, piece.Offset);
            }
            else
            {
                FileData.Write(file, piece.Bytes.Span);
            }

            position = piece.Offset + piece.Bytes.Length;
        }

        if (position < entry.Size)
        {
            FileData.SetLength(file, entry.Size);
        }

        // The order matters: a change of owner clears set-id bits and capabilities.
        Ownership.Set(file, entry.Uid, entry.Gid);
        foreach (TarXattr xattr in entry.Xattrs)
        {
            CheckXattr(
                path, entry, xattr, _attributes.IsAllowed(xattr.Name) ? Xattr.TrySet(file, xattr.Name, xattr.Value) : Errno.EOPNOTSUPP);
        }

        Permissions.Set(file, entry.Mode);
        FileTimes.Set(file, Accessed(entry), Modified(entry));
        if (_own is not null)
        {
            Own(Stat.Of(file));
        }
    }

    private SafeFileHandle CreateFile(OpenDirectory parent, LayerPath path)
    {
        int flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOFOLLOW;
        SafeFileHandle? file = Open.TryAt(parent.Handle, path.Name, flags, 0x180, out int errno);
        if (file is null && errno == Errno.EEXIST)
        {
            parent = Clear(parent, path);
            file = Open.TryAt(parent.Handle, path.Name, flags, 0x180, out errno);
        }

        return file ?? throw Failure("open", path, errno);
    }

    private void WriteDirectory(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        bool isOpaque = false;
        int errno = Link.TryMakeDirectory(parent.Handle, path.Name, entry.Mode);
        if (errno == Errno.EEXIST)
        {
            Check("statx", path, Stat.TryAt(parent.Handle, path.Name, out FileStatus status));
            if (status.IsDirectory)
            {
                // Directory over directory: the two are merged, and the attributes are the new one's.
                RemoveXattrs(parent, path, entry);
                errno = 0;
            }
            else
            {
                isOpaque = _options.OverlayMode && status.IsWhiteout;
                parent = Clear(parent, path);
                errno = Link.TryMakeDirectory(parent.Handle, path.Name, entry.Mode);
            }
        }

        Check("mkdirat", path, errno);
        SetAttributes(parent, path, entry);
        if (isOpaque)
        {
            MakeOpaque(parent, path.Name);
        }

        byte[] real = LayerPath.Join(parent.Path, path.Name);
        _directoryTimes[real] = (Accessed(entry), Modified(entry));
        if (_implied?.ContainsKey(real) == true)
        {
            _implied[real] = true;
        }
    }

    private void WriteSpecial(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        int errno = MakeSpecial(parent, path, entry);
        if (errno == Errno.EEXIST)
        {
            parent = Clear(parent, path);
            errno = MakeSpecial(parent, path, entry);
        }

        Check(entry.Type == TarEntryType.SymbolicLink ? "symlinkat" : "mknodat", path, errno);
        SetAttributes(parent, path, entry);
        FileTimes.SetAt(parent.Handle, path.Name, Accessed(entry), Modified(entry));
    }

    private static int MakeSpecial(OpenDirectory parent, LayerPath path, TarEntry entry) => entry.Type switch
    {
        TarEntryType.SymbolicLink => Link.TrySymbolic(entry.LinkName, parent.Handle, path.Name),
        TarEntryType.CharacterDevice => MakeNode(parent, path, entry, InodeMode.S_IFCHR),
        TarEntryType.BlockDevice => MakeNode(parent, path, entry, InodeMode.S_IFBLK),
        _ => MakeNode(parent, path, entry, InodeMode.S_IFIFO),
    };

    private static int MakeNode(OpenDirectory parent, LayerPath path, TarEntry entry, uint type) =>
        Link.TryMakeNode(parent.Handle, path.Name, type | entry.Mode, entry.DeviceMajor, entry.DeviceMinor);

    /// <summary>Removes what has the name of a new file.</summary>
    /// <returns>The directory, opened anew where that was necessary.</returns>
    private OpenDirectory Clear(OpenDirectory parent, LayerPath path)
    {
        if (Stat.TryAt(parent.Handle, path.Name, out FileStatus status) != 0)
        {
            return parent;
        }

        DirectoryTree.Remove(parent.Handle, path.Name);
        if (!status.IsDirectory && !status.IsSymbolicLink)
        {
            return parent;
        }

        // It may have been on the way to directories that are open.
        _tree.Forget();
        return _tree.Enter(path.Directory);
    }

    private void SetAttributes(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        Ownership.SetAt(parent.Handle, path.Name, entry.Uid, entry.Gid);
        SetXattrs(parent, path, entry);
        if (entry.Type != TarEntryType.SymbolicLink)
        {
            Permissions.SetAt(parent.Handle, path.Name, entry.Mode);
        }

        if (_own is not null)
        {
            Check("statx", path, Stat.TryAt(parent.Handle, path.Name, out FileStatus status));
            Own(status);
        }
    }

    private void SetXattrs(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        foreach (TarXattr xattr in entry.Xattrs)
        {
            CheckXattr(
                path,
                entry,
                xattr,
                _attributes.IsAllowed(xattr.Name)
                    ? Xattr.TrySetAt(parent.Handle, path.Name, xattr.Name, xattr.Value)
                    : Errno.EOPNOTSUPP);
        }
    }

    /// <summary>Removes the attributes of a directory that an entry for it does not have.</summary>
    private static void RemoveXattrs(OpenDirectory parent, LayerPath path, TarEntry entry)
    {
        IReadOnlyList<TarXattr> xattrs = LayerXattrs.Of(parent.Handle, path.Name);
        if (xattrs.Count == 0)
        {
            return;
        }

        using SafeFileHandle directory = Open.At(
            parent.Handle, path.Name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
        foreach (TarXattr old in xattrs.Where(old => !entry.Xattrs.Any(now => now.Name.AsSpan().SequenceEqual(old.Name))))
        {
            Check("removexattr", path, Xattr.TryRemove(directory, old.Name));
        }
    }

    private void CheckXattr(LayerPath path, TarEntry entry, TarXattr xattr, int errno)
    {
        // Only files and directories can have user attributes, see xattr(7).
        bool isLackOfUserAttributes = errno == Errno.EPERM
            && xattr.Name.AsSpan().StartsWith("user."u8)
            && entry.Type is not (TarEntryType.Regular or TarEntryType.Directory);
        if (errno == Errno.EOPNOTSUPP || isLackOfUserAttributes)
        {
            IgnoredXattrs++;
            return;
        }

        Check($"setxattr {System.Text.Encoding.UTF8.GetString(xattr.Name)}", path, errno);
    }

    private void Own(in FileStatus status) => _own?.Add((status.Device, status.Inode));

    private bool IsOwn(in FileStatus status) => _own is null || _own.Contains((status.Device, status.Inode));

    private static Timespec Modified(TarEntry entry) => Bound(entry.Modified);

    /// <summary>The later one of the two times, as containerd has it.</summary>
    private static Timespec Accessed(TarEntry entry) =>
        Bound(entry.Accessed is { } accessed && accessed > entry.Modified ? accessed : entry.Modified);

    /// <summary>A time before 1970, or after what 64 bits of nanoseconds can say, becomes 1970.</summary>
    private static Timespec Bound(Timespec time) =>
        time < Timespec.Epoch || time.Seconds > long.MaxValue / 1_000_000_000 ? Timespec.Epoch : time;
}
