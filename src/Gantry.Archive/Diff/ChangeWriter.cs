using System.Text;
using Gantry.Archive.Apply;
using Gantry.Archive.Tar;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>
/// Writes changes as entries of a layer. Each entry is preceded by the directories around it. Files with several names
/// are written once, and all their names that the walk meets are linked to that.
/// </summary>
internal sealed class ChangeWriter
{
    private readonly SafeFileHandle _root;
    private readonly TarWriter _tar;
    private readonly Timespec? _latest;
    private readonly HashSet<byte[]> _directories = new(BytesComparer.Instance);

    /// <summary>Files with several names that are in the layer: the name they have there.</summary>
    private readonly Dictionary<(ulong Device, ulong Inode), byte[]> _written = [];

    /// <summary>Unchanged files with several names: those met so far, in case that the file is written after all.</summary>
    private readonly Dictionary<(ulong Device, ulong Inode), List<byte[]>> _unchanged = [];

    /// <summary>Starts a layer.</summary>
    /// <param name="root">The upper tree.</param>
    /// <param name="tar">Gets the entries.</param>
    /// <param name="options">How.</param>
    internal ChangeWriter(SafeFileHandle root, TarWriter tar, TarDiffOptions options)
    {
        _root = root;
        _tar = tar;
        _latest = options.SourceDateEpoch is { } time ? ToTimespec(time) : null;
    }

    /// <summary>Writes that a name is gone.</summary>
    internal async ValueTask DeleteAsync(byte[] path, CancellationToken cancellationToken)
    {
        LayerPath gone = new(path);
        CheckName(gone);
        await WriteParentsAsync(gone, cancellationToken);
        byte[] name = LayerPath.Join(gone.Directory, [.. Whiteout.Prefix, .. gone.Name]);
        TarEntry entry = new() { Type = TarEntryType.Regular, Name = name, Modified = _latest ?? Timespec.Epoch };
        await _tar.WriteHeaderAsync(entry, cancellationToken);
    }

    /// <summary>Notes that a file is as it was: it may be another name of one that is written.</summary>
    internal async ValueTask KeepAsync(TreeFile file, byte[] path, CancellationToken cancellationToken)
    {
        if (!file.MayBeLinked)
        {
            return;
        }

        if (_written.TryGetValue(file.Identity, out byte[]? first))
        {
            await WriteLinkAsync(file, path, first, cancellationToken);
        }
        else if (_unchanged.TryGetValue(file.Identity, out List<byte[]>? names))
        {
            names.Add(path);
        }
        else
        {
            _unchanged.Add(file.Identity, [path]);
        }
    }

    /// <summary>Writes a file that is new or has changed.</summary>
    internal async ValueTask WriteAsync(TreeFile file, byte[] path, CancellationToken cancellationToken)
    {
        if (file.MayBeLinked && _written.TryGetValue(file.Identity, out byte[]? first))
        {
            await WriteLinkAsync(file, path, first, cancellationToken);
            return;
        }

        await WriteParentsAsync(new LayerPath(path), cancellationToken);
        if (file.Status.IsDirectory)
        {
            await WriteDirectoryAsync(file, path, cancellationToken);
            return;
        }

        if (file.Status.IsRegular)
        {
            await WriteContentAsync(file, path, cancellationToken);
        }
        else
        {
            TarEntry entry = Entry(file, path, file.Status);
            CheckName(new LayerPath(path));
            await _tar.WriteHeaderAsync(entry, cancellationToken);
        }

        if (file.MayBeLinked)
        {
            _written.Add(file.Identity, path);
            if (_unchanged.Remove(file.Identity, out List<byte[]>? names))
            {
                foreach (byte[] other in names)
                {
                    await WriteLinkAsync(file, other, path, cancellationToken);
                }
            }
        }
    }

    private static void CheckName(LayerPath path)
    {
        if (path.Name.StartsWith(Whiteout.Prefix))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"diff {path}: a layer can't hold a file whose name begins with {Encoding.UTF8.GetString(Whiteout.Prefix)}");
        }
    }

    private static GantryException Torn(byte[] path) =>
        new(ErrorKind.Aborted, $"diff {new LayerPath(path)}: the file changed while it was read");

    private static Timespec ToTimespec(DateTimeOffset time)
    {
        long ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return rest < 0
            ? new Timespec(seconds - 1, (rest + TimeSpan.TicksPerSecond) * TimeSpan.NanosecondsPerTick)
            : new Timespec(seconds, rest * TimeSpan.NanosecondsPerTick);
    }

    private TarEntry Entry(TreeFile file, byte[] path, in FileStatus status)
    {
        uint type = status.Mode & InodeMode.S_IFMT;
        bool isDevice = type is InodeMode.S_IFCHR or InodeMode.S_IFBLK;
        return new TarEntry
        {
            Type = type switch
            {
                InodeMode.S_IFREG => TarEntryType.Regular,
                InodeMode.S_IFDIR => TarEntryType.Directory,
                InodeMode.S_IFLNK => TarEntryType.SymbolicLink,
                InodeMode.S_IFCHR => TarEntryType.CharacterDevice,
                InodeMode.S_IFBLK => TarEntryType.BlockDevice,
                _ => TarEntryType.Fifo,
            },
            Name = path,
            LinkName = type == InodeMode.S_IFLNK ? ReadLink(file, path) : [],
            Size = type == InodeMode.S_IFREG ? status.Size : 0,
            Mode = status.Mode & InodeMode.PermissionMask,
            Uid = status.Uid,
            Gid = status.Gid,
            DeviceMajor = isDevice ? status.RdevMajor : 0,
            DeviceMinor = isDevice ? status.RdevMinor : 0,
            Modified = _latest is { } latest && latest < status.Modified ? latest : status.Modified,
            Xattrs = LayerXattrs.Of(file.Directory, file.Name),
        };
    }

    private static byte[] ReadLink(TreeFile file, byte[] path)
    {
        int errno = Link.TryReadSymbolic(file.Directory, file.Name, out byte[]? target);
        return errno == 0 ? target! : throw new LinuxException("readlinkat", new LayerPath(path).ToString(), errno);
    }

    /// <summary>The directories around a path that the layer does not have yet.</summary>
    private async ValueTask WriteParentsAsync(LayerPath path, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> directory = path.Bytes.AsMemory(0, path.Directory.Length);
        if (directory.IsEmpty || _directories.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(directory.Span))
        {
            return;
        }

        LayerPath parent = new(directory.ToArray());
        await WriteParentsAsync(parent, cancellationToken);
        using SafeFileHandle around = Open.Beneath(
            _root,
            parent.Directory.IsEmpty ? "."u8 : parent.Directory,
            OpenFlags.O_PATH | OpenFlags.O_DIRECTORY,
            ResolveFlags.Beneath | ResolveFlags.NoSymlinks);
        TreeFile file = TreeFile.Find(around, parent.Name.ToArray()) ?? throw Torn(parent.Bytes);
        await WriteDirectoryAsync(file, parent.Bytes, cancellationToken);
    }

    private async ValueTask WriteDirectoryAsync(TreeFile file, byte[] path, CancellationToken cancellationToken)
    {
        CheckName(new LayerPath(path));
        _directories.Add(path);
        await _tar.WriteHeaderAsync(Entry(file, [.. path, (byte)'/'], file.Status), cancellationToken);
    }

    private async ValueTask WriteLinkAsync(
        TreeFile file,
        byte[] path,
        byte[] target,
        CancellationToken cancellationToken)
    {
        CheckName(new LayerPath(path));
        await WriteParentsAsync(new LayerPath(path), cancellationToken);
        TarEntry source = Entry(file, path, file.Status);
        TarEntry link = new()
        {
            Type = TarEntryType.HardLink,
            Name = path,
            LinkName = target,
            Mode = source.Mode,
            Uid = source.Uid,
            Gid = source.Gid,
            Modified = source.Modified,
            Xattrs = source.Xattrs,
        };
        await _tar.WriteHeaderAsync(link, cancellationToken);
    }

    private async ValueTask WriteContentAsync(TreeFile file, byte[] path, CancellationToken cancellationToken)
    {
        CheckName(new LayerPath(path));
        using SafeFileHandle content = Open.TryAt(
            file.Directory,
            file.Name,
            OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK,
            0,
            out int errno) ?? throw (errno is Errno.ENOENT or Errno.ELOOP
                ? Torn(path)
                : new LinuxException("open", new LayerPath(path).ToString(), errno));

        // What was opened counts: it may be another file by now.
        FileStatus status = Stat.Of(content);
        if (!status.IsRegular)
        {
            throw Torn(path);
        }

        await _tar.WriteHeaderAsync(Entry(file, path, status), cancellationToken);
        long offset = 0;
        while (offset < status.Size)
        {
            long start = offset;
            long end = status.Size;
            if (IsSparse(status) && !FileData.TryFindData(content, offset, out start, out end))
            {
                start = status.Size;
            }

            // A file that has grown is cut where it ended; one that has shrunk can't be written.
            start = Math.Min(start, status.Size);
            await _tar.WriteZeroDataAsync(start - offset, cancellationToken);
            offset = await CopyAsync(content, path, start, Math.Min(end, status.Size), cancellationToken);
        }
    }

    private static bool IsSparse(in FileStatus status) => status.Blocks * 512 < status.Size;

    private async ValueTask<long> CopyAsync(
        SafeFileHandle content,
        byte[] path,
        long offset,
        long end,
        CancellationToken cancellationToken)
    {
        while (offset < end)
        {
            Memory<byte> room = await _tar.RoomAsync(cancellationToken);
            room = room[..(int)Math.Min(room.Length, end - offset)];
            int length = RandomAccess.Read(content, room.Span, offset);
            if (length == 0)
            {
                throw Torn(path);
            }

            _tar.Advance(length);
            offset += length;
        }

        return offset;
    }
}
