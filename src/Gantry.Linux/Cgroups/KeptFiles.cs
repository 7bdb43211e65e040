using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Cgroups;

/// <summary>
/// Small files of the kernel that are read again and again. They stay open, since reading one that is open costs a quarter of
/// opening, reading and closing it; but only up to a share of the descriptors that this process may have, and what is beyond
/// that is opened each time.
/// </summary>
/// <remarks>
/// It holds numbers and not handles: there are dozens for each container, and each handle would be an object with a finalizer.
/// Whoever owns this disposes it. It is for one thread at a time.
/// </remarks>
[SkipLocalsInit]
public sealed unsafe partial class KeptFiles : IDisposable
{
    private const int O_CLOEXEC = 0x80000;
    private const int RLIMIT_NOFILE = 7;
    private const int PathLimit = 4096;
    private const int GreatestShare = 1 << 18;

    private const int NotOpened = -1;
    private const int NotThere = -2;

    private static readonly int Share = ShareOfLimit();
    private static int _kept;

    private readonly int[] _descriptors;

    /// <summary>Makes a set; nothing is opened yet.</summary>
    /// <param name="count">How many files it has.</param>
    public KeptFiles(int count)
    {
        _descriptors = new int[count];
        _descriptors.AsSpan().Fill(NotOpened);
    }

    /// <summary>How many files of all sets are open.</summary>
    public static int Open => Volatile.Read(ref _kept);

    /// <summary>Whether a file that was there is not any more: what the files belong to is gone.</summary>
    public bool Gone { get; private set; }

    /// <summary>Reads a file from its start. One that was not there at first is not looked for again.</summary>
    /// <param name="index">Which of the set.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="name">Its name.</param>
    /// <param name="buffer">Gets what is in it, as much as there is room for.</param>
    /// <param name="keep">Whether it stays open.</param>
    /// <returns>The number of bytes; -1 when it can't be read.</returns>
    public int Read(int index, string directory, ReadOnlySpan<byte> name, Span<byte> buffer, bool keep = true)
    {
        int descriptor = _descriptors[index];
        if (descriptor == NotThere)
        {
            return -1;
        }

        if (descriptor != NotOpened)
        {
            return Read(descriptor, buffer);
        }

        descriptor = OpenFile(directory, name);
        int count = descriptor < 0 ? -1 : Read(descriptor, buffer);
        if (count < 0 && !Gone && IsLack(Marshal.GetLastPInvokeError()))
        {
            // The kernel lacks what the file speaks of. Anything else, such as too many open files, may pass.
            _descriptors[index] = NotThere;
        }

        if (descriptor < 0)
        {
            return -1;
        }

        if (count >= 0 && keep && Interlocked.Increment(ref _kept) <= Share)
        {
            _descriptors[index] = descriptor;
            return count;
        }

        if (count >= 0 && keep)
        {
            Interlocked.Decrement(ref _kept);
        }

        _ = close(descriptor);
        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ref int descriptor in _descriptors.AsSpan())
        {
            if (descriptor >= 0)
            {
                _ = close(descriptor);
                Interlocked.Decrement(ref _kept);
            }

            descriptor = NotThere;
        }
    }

    private static bool IsLack(int error) => error is Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP;

    private static int OpenFile(string directory, ReadOnlySpan<byte> name)
    {
        Span<byte> path = stackalloc byte[PathLimit];
        if (Encoding.UTF8.GetMaxByteCount(directory.Length) + name.Length + 2 > PathLimit)
        {
            Marshal.SetLastPInvokeError(Errno.ENOENT);
            return -1;
        }

        int length = Encoding.UTF8.GetBytes(directory, path);
        path[length++] = (byte)'/';
        name.CopyTo(path[length..]);
        path[length + name.Length] = 0;

        // Invariant: the path ends with a NUL.
        fixed (byte* start = path)
        {
            return open(start, O_CLOEXEC);
        }
    }

    private int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count = pread(descriptor, start, (nuint)buffer.Length, 0);
            if (count < 0)
            {
                Gone |= Marshal.GetLastPInvokeError() == Errno.ENODEV;
                return -1;
            }

            return (int)count;
        }
    }

    /// <summary>Three quarters of the descriptors: the rest is for clients, shims and blobs.</summary>
    private static int ShareOfLimit()
    {
        ulong* limit = stackalloc ulong[2];
        return getrlimit(RLIMIT_NOFILE, limit) == 0 ? (int)Math.Min(limit[0] / 4 * 3, GreatestShare) : 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint count, nint offset);
}
