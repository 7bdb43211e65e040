using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>Tells whether two files are the same for a layer.</summary>
/// <param name="trustTimes">
/// Take the bytes of two files for equal when size and time of change are, to the nanosecond. Times without a fraction
/// are never trusted: archives that keep whole seconds have set them.
/// </param>
internal sealed class FileComparer(bool trustTimes)
{
    private const int BufferSize = 64 * 1024;

    private readonly byte[] _left = new byte[BufferSize];
    private readonly byte[] _right = new byte[BufferSize];

    internal bool AreEqual(in TreeFile lower, in TreeFile upper)
    {
        FileStatus before = lower.Status;
        FileStatus now = upper.Status;
        if (lower.Identity == upper.Identity && before.Changed == now.Changed)
        {
            return true;
        }

        return before.Mode == now.Mode
            && before.Uid == now.Uid
            && before.Gid == now.Gid
            && before.RdevMajor == now.RdevMajor
            && before.RdevMinor == now.RdevMinor
            && before.Modified == now.Modified
            && (before.IsDirectory || before.Size == now.Size)
            && LayerXattrs.AreEqual(
                LayerXattrs.Of(lower.Directory, lower.Name), LayerXattrs.Of(upper.Directory, upper.Name))
            && HaveSameContent(lower, upper);
    }

    private bool HaveSameContent(in TreeFile lower, in TreeFile upper)
    {
        FileStatus status = upper.Status;
        if (status.IsSymbolicLink)
        {
            return ReadLink(lower).AsSpan().SequenceEqual(ReadLink(upper));
        }

        return !status.IsRegular
            || status.Size == 0
            || (trustTimes && status.Modified.Nanoseconds != 0)
            || HaveSameBytes(lower, upper);
    }

    private bool HaveSameBytes(in TreeFile lower, in TreeFile upper)
    {
        int flags = OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK;
        using SafeFileHandle left = Open.At(lower.Directory, lower.Name, flags);
        using SafeFileHandle right = Open.At(upper.Directory, upper.Name, flags);
        for (long offset = 0; ;)
        {
            int length = RandomAccess.Read(left, _left, offset);
            if (!IsNext(right, offset, length))
            {
                return false;
            }

            if (length == 0)
            {
                return true;
            }

            offset += length;
        }
    }

    /// <summary>True when the other file goes on with the same bytes.</summary>
    private bool IsNext(SafeFileHandle right, long offset, int length)
    {
        int read = 0;
        while (read < length)
        {
            int more = RandomAccess.Read(right, _right.AsSpan(read, length - read), offset + read);
            if (more == 0)
            {
                return false;
            }

            read += more;
        }

        return _left.AsSpan(0, length).SequenceEqual(_right.AsSpan(0, length))
            && (length > 0 || RandomAccess.Read(right, _right.AsSpan(0, 1), offset) == 0);
    }

    private static byte[] ReadLink(in TreeFile file)
    {
        int errno = Link.TryReadSymbolic(file.Directory, file.Name, out byte[]? target);
        return errno == 0
            ? target!
            : throw new LinuxException("readlinkat", System.Text.Encoding.UTF8.GetString(file.Name), errno);
    }
}
