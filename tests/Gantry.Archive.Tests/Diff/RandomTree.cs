using System.Text;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Tests.Diff;

/// <summary>Makes trees, and changes in trees, of every kind that a layer can hold: the same ones for a seed.</summary>
internal sealed class RandomTree(int seed)
{
    private const int MaxDepth = 5;

    /// <summary>For local use, devices.txt: no driver has it.</summary>
    private const uint LocalMajor = 245;

    private static readonly byte[][] Names =
    [
        "a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray(), "-"u8.ToArray(), "B c"u8.ToArray(), ".d"u8.ToArray(),
        "wh."u8.ToArray(), "line\nfeed"u8.ToArray(), "ä-€"u8.ToArray(), [0xff, 0xfe, (byte)'x'],
        Encoding.ASCII.GetBytes(new string('l', 101)), Encoding.ASCII.GetBytes(new string('m', 250)),
    ];

    private readonly Random _random = new(seed);
    private int _clock;

    /// <summary>Does as many random things as asked below a directory.</summary>
    public void Change(string root, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using SafeFileHandle directory = Pick(root);
            Step(root, directory);
        }
    }

    private void Step(string root, SafeFileHandle directory)
    {
        byte[] name = Name();
        switch (_random.Next(16))
        {
            case 0 or 1 or 2:
                Write(directory, name);
                break;
            case 3 or 4:
                Make(directory, name, Link.TryMakeDirectory(directory, name, 0x1ED));
                break;
            case 5:
                Make(directory, name, Link.TrySymbolic(Name(), directory, name));
                break;
            case 6:
                uint type = _random.Next(3) switch { 0 => InodeMode.S_IFIFO, 1 => InodeMode.S_IFBLK, _ => InodeMode.S_IFCHR };
                Make(directory, name, Link.TryMakeNode(directory, name, type | 0x1A4, LocalMajor, (uint)_random.Next(1, 300)));
                break;
            case 7 or 8:
                DirectoryTree.Remove(directory, name);
                break;
            case 9:
                // Away and back again: an opaque directory, where this is an overlay.
                DirectoryTree.Remove(directory, name);
                Make(directory, name, Link.TryMakeDirectory(directory, name, 0x1C0));
                break;
            case 10:
                SetMode(directory, name);
                break;
            case 11:
                SetXattr(directory, name);
                break;
            case 12:
                SetTime(directory, name);
                break;
            case 13 or 14:
                using (SafeFileHandle to = Pick(root))
                {
                    byte[] other = Name();
                    int errno = _random.Next(2) == 0
                        ? Link.TryHard(directory, name, to, other)
                        : Link.TryRename(directory, name, to, other, RenameFlags.None);
                    Check(errno, Errno.ENOENT, Errno.EEXIST, Errno.EPERM, Errno.EISDIR, Errno.ENOTDIR, Errno.ENOTEMPTY,
                        Errno.EINVAL, Errno.EXDEV);
                }

                break;
            default:
                // Opened for writing and left alone: an overlay copies it.
                if (IsRegularOrMissing(directory, name))
                {
                    Open.TryAt(directory, name, OpenFlags.O_WRONLY | OpenFlags.O_NOFOLLOW, 0, out _)?.Dispose();
                }

                break;
        }
    }

    private SafeFileHandle Pick(string root)
    {
        SafeFileHandle here = Open.Directory(root);
        for (int depth = _random.Next(MaxDepth); depth > 0; depth--)
        {
            SafeFileHandle? next = Open.TryAt(
                here, Name(), OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW, 0, out _);
            if (next is not null)
            {
                here.Dispose();
                here = next;
            }
        }

        return here;
    }

    private static bool IsRegularOrMissing(SafeFileHandle directory, byte[] name) =>
        Stat.TryAt(directory, name, out FileStatus status) != 0 || status.IsRegular;

    private byte[] Name() => Names[_random.Next(Names.Length)];

    private void Write(SafeFileHandle directory, byte[] name)
    {
        if (!IsRegularOrMissing(directory, name))
        {
            return;
        }

        int flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC | OpenFlags.O_NOFOLLOW;
        using SafeFileHandle file = Open.At(directory, name, flags, 0x1A4);
        byte[] data = new byte[_random.Next(4) * 700];
        _random.NextBytes(data);
        FileData.Write(file, data);
        if (_random.Next(4) == 0)
        {
            // A hole in the middle, and one at the end.
            FileData.WriteAt(file, data, 300_000);
            FileData.SetLength(file, 600_001);
        }

        FileTimes.Set(file, Now(), Now());
    }

    private void Make(SafeFileHandle directory, byte[] name, int errno)
    {
        Check(errno, 0, Errno.EEXIST);
        if (errno == 0)
        {
            FileTimes.SetAt(directory, name, Now(), Now());
        }
    }

    private void SetMode(SafeFileHandle directory, byte[] name)
    {
        if (Stat.TryAt(directory, name, out FileStatus status) != 0)
        {
            return;
        }

        Ownership.SetAt(directory, name, (uint)_random.Next(3) * 1_500_000_000, (uint)_random.Next(2) * 4_000_000);
        if (!status.IsSymbolicLink)
        {
            Permissions.SetAt(directory, name, (uint)_random.Next(0x1000));
        }
    }

    private void SetXattr(SafeFileHandle directory, byte[] name)
    {
        byte[] value = new byte[_random.Next(1, 300)];
        _random.NextBytes(value);
        byte[] capability = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, (byte)_random.Next(16), 0, 0, 0, 0, 0, 0, 0];
        int errno = _random.Next(3) switch
        {
            0 => Xattr.TrySetAt(directory, name, "security.capability"u8, capability),
            1 => Xattr.TrySetAt(directory, name, "user.name=x%3D"u8, value),
            _ => Xattr.TrySetAt(directory, name, "user.k"u8, value),
        };
        Check(errno, 0, Errno.ENOENT, Errno.EPERM, Errno.EOPNOTSUPP);
    }

    private void SetTime(SafeFileHandle directory, byte[] name)
    {
        if (Stat.TryAt(directory, name, out _) == 0)
        {
            FileTimes.SetAt(directory, name, Now(), Now());
        }
    }

    /// <summary>A later time at each call, some of them whole seconds, some all but equal.</summary>
    private Timespec Now()
    {
        _clock++;
        return _random.Next(3) switch
        {
            0 => new Timespec(1_600_000_000 + _clock, 0),
            1 => new Timespec(1_600_000_000, 1000 + _clock),
            _ => new Timespec(1_600_000_000L << _random.Next(3), _random.Next(1_000_000_000)),
        };
    }

    private static void Check(int errno, params ReadOnlySpan<int> expected)
    {
        if (errno != 0 && !expected.Contains(errno))
        {
            throw new LinuxException("change", "a random tree", errno);
        }
    }
}
