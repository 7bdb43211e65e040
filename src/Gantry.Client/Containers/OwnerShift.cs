using System.Buffers.Binary;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Client.Containers;

/// <summary>
/// Gives every file of a tree to the id outside of the id that owns it inside. What the kernel takes away with a change of
/// owner is put back: set-user-id and set-group-id bits, and file capabilities, which become those of the namespace's
/// root (capabilities(7), version 3).
/// </summary>
internal sealed class OwnerShift
{
    private const int MaxDepth = 2000;
    private const uint SetIdBits = 0xC00;
    private const uint RevisionMask = 0xFF00_0000;
    private const uint Revision2 = 0x0200_0000;
    private const uint Revision3 = 0x0300_0000;
    private const int Revision2Length = 20;
    private const int Revision3Length = 24;

    private readonly IReadOnlyList<SpecIdMapping> _uids;
    private readonly IReadOnlyList<SpecIdMapping> _gids;
    private readonly CancellationToken _cancellationToken;

    /// <summary>
    /// What files of several names were before. A second name may show what the first was shifted to, or, in an overlay
    /// where a change makes the first a file of its own, what it always was: either way it ends as the first did.
    /// </summary>
    private readonly Dictionary<(ulong Device, ulong Inode), (FileStatus Status, byte[]? Capability)> _linked = [];

    private OwnerShift(
        IReadOnlyList<SpecIdMapping> uids,
        IReadOnlyList<SpecIdMapping> gids,
        CancellationToken cancellationToken)
    {
        _uids = uids;
        _gids = gids;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Does it.</summary>
    public static void Run(
        string root,
        IReadOnlyList<SpecIdMapping> uids,
        IReadOnlyList<SpecIdMapping> gids,
        CancellationToken cancellationToken)
    {
        OwnerShift shift = new(uids, gids, cancellationToken);
        using SafeFileHandle directory = Open.Directory(root);
        FileStatus status = Stat.Of(directory);
        shift.Directory(directory, "/", depth: 0);
        Ownership.Set(directory, shift.Uid(status, "/"), shift.Gid(status, "/"));
        Permissions.Set(directory, status.Mode & ~InodeMode.S_IFMT);
    }

    private void Directory(SafeFileHandle directory, string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"image: directories deeper than {MaxDepth}");
        }

        foreach (DirectoryEntry entry in DirectoryTree.List(directory))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            string name = path + Encoding.UTF8.GetString(entry.Name);
            int errno = Stat.TryAt(directory, entry.Name, out FileStatus status);
            if (errno != 0)
            {
                throw new LinuxException("statx", name, errno);
            }

            if (status.IsDirectory)
            {
                using SafeFileHandle child = Open.At(
                    directory, entry.Name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW);
                Directory(child, name + "/", depth + 1);
            }

            Shift(directory, entry.Name, status, name);
        }
    }

    private void Shift(SafeFileHandle directory, byte[] entry, FileStatus status, string path)
    {
        byte[]? capability = status.IsRegular ? Xattr.GetAt(directory, entry, "security.capability"u8) : null;
        if (status.Links > 1 && !status.IsDirectory && !_linked.TryAdd((status.Device, status.Inode), (status, capability)))
        {
            (status, capability) = _linked[(status.Device, status.Inode)];
        }

        Ownership.SetAt(directory, entry, Uid(status, path), Gid(status, path));
        if ((status.Mode & SetIdBits) != 0 && !status.IsSymbolicLink)
        {
            Permissions.SetAt(directory, entry, status.Mode & ~InodeMode.S_IFMT);
        }

        if (capability is not null)
        {
            int errno = Xattr.TrySetAt(directory, entry, "security.capability"u8, OfNamespace(capability, path));
            if (errno != 0)
            {
                throw new LinuxException("lsetxattr", path, errno);
            }
        }
    }

    /// <summary>
    /// The capabilities of a file: revision and flags, two pairs of permitted and inheritable sets, and from version 3 on
    /// the id of the root that they count for; all little-endian.
    /// </summary>
    private byte[] OfNamespace(byte[] value, string path)
    {
        if (value.Length is not (Revision2Length or Revision3Length))
        {
            return value;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(value);
        uint root = (magic & RevisionMask) switch
        {
            Revision2 => 0,
            Revision3 when value.Length == Revision3Length =>
                BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(Revision2Length)),
            _ => uint.MaxValue,
        };
        if (root == uint.MaxValue)
        {
            return value;
        }

        byte[] shifted = new byte[Revision3Length];
        value.AsSpan(0, Revision2Length).CopyTo(shifted);
        BinaryPrimitives.WriteUInt32LittleEndian(shifted, magic & ~RevisionMask | Revision3);
        BinaryPrimitives.WriteUInt32LittleEndian(
            shifted.AsSpan(Revision2Length), IdRanges.ToHost(_uids, root) ?? throw NotMapped("user", root, path));
        return shifted;
    }

    private uint Uid(FileStatus status, string path) =>
        IdRanges.ToHost(_uids, status.Uid) ?? throw NotMapped("user", status.Uid, path);

    private uint Gid(FileStatus status, string path) =>
        IdRanges.ToHost(_gids, status.Gid) ?? throw NotMapped("group", status.Gid, path);

    private static GantryException NotMapped(string what, uint id, string path) =>
        new(ErrorKind.InvalidArgument, $"image file {path}: {what} {id} is not in the mapped range");
}
