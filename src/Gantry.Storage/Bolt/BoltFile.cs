using System.Buffers.Binary;
using Gantry.Core.Errors;
using Gantry.Linux;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Bolt;

/// <summary>
/// A bbolt database, open for reading: the format of containerd's metadata. Nothing is ever written. The shared lock that
/// it holds keeps a daemon that works with the file from opening it, and shows one that has it open.
/// </summary>
/// <remarks>
/// No page but the two meta pages has a checksum, so what is read is held against every bound that there is: a page is
/// within the file and belongs to one bucket only, which rules out cycles; what it points at is within it; its keys are
/// in order.
/// </remarks>
public sealed class BoltFile : IDisposable
{
    private const int MaxRunLength = 256 << 20;
    private const int MaxSizeGuesses = 16;
    private const int FirstSizeGuess = 1024;

    private readonly SafeFileHandle _handle;
    private readonly BoltMeta _meta;
    private readonly long _length;
    private readonly HashSet<ulong> _read = [];

    private BoltFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        _length = Guarded(() => RandomAccess.GetLength(handle));
        _meta = FindMeta() ?? throw new GantryException(
            ErrorKind.DataLoss,
            $"{path}: neither page 0 nor page 1 is a whole meta page of a bbolt database");
        Root = new BoltBucket(this, _meta.RootPage);
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>The last transaction that was committed to it.</summary>
    public long TransactionId => (long)_meta.TransactionId;

    /// <summary>The bucket that holds all others.</summary>
    public BoltBucket Root { get; }

    /// <summary>Opens a database.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: a program has it open; DataLoss: it is no database, or damaged; NotFound.
    /// </exception>
    public static BoltFile Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            // FileShare.Read is flock(2) with LOCK_SH; bbolt holds LOCK_EX for as long as it has the file open.
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new GantryException(ErrorKind.NotFound, path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new GantryException(ErrorKind.PermissionDenied, path, e);
        }
        catch (IOException e) when (e.HResult == Errno.EAGAIN)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"{path}: containerd still runs on this root", e);
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }

        try
        {
            return new BoltFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <summary>What errors call a page.</summary>
    internal string Describe(ulong page, string bucket) =>
        $"{Path}: {(bucket.Length > 0 ? bucket : "root")}: {(page == 0 ? "page within a value" : $"page {page}")}";

    /// <summary>Reads a page with those that continue it, once.</summary>
    internal ReadOnlyMemory<byte> ReadPage(ulong id, string where)
    {
        if (id < 2 || id >= _meta.PageCount)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: there are pages 2 to {_meta.PageCount - 1} only");
        }

        Span<byte> header = stackalloc byte[BoltPage.HeaderLength];
        ReadExactly(id, header, where);
        ulong own = BinaryPrimitives.ReadUInt64LittleEndian(header);
        if (own != id)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: it says that it is page {own}");
        }

        uint overflow = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        long length = (1L + overflow) * _meta.PageSize;
        if (overflow >= _meta.PageCount - id || length > Math.Min(MaxRunLength, _length))
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: {overflow} more pages are not there");
        }

        for (ulong page = id; page <= id + overflow; page++)
        {
            if (!_read.Add(page))
            {
                throw new GantryException(ErrorKind.DataLoss, $"{where}: page {page} is in two places");
            }
        }

        byte[] data = new byte[length];
        ReadExactly(id, data, where);
        return data;
    }

    private void ReadExactly(ulong id, Span<byte> buffer, string where)
    {
        // The id is below the page count; a count that makes this overflow is no less out of bounds.
        Int128 offset = (Int128)id * _meta.PageSize;
        if (offset + buffer.Length > _length)
        {
            throw new GantryException(ErrorKind.DataLoss, $"{where}: it lies beyond the end of the file");
        }

        int done = 0;
        while (done < buffer.Length)
        {
            int read = Read(buffer[done..], (long)offset + done);
            if (read == 0)
            {
                throw new GantryException(ErrorKind.DataLoss, $"{where}: the file has become shorter");
            }

            done += read;
        }
    }

    private int Read(Span<byte> buffer, long offset)
    {
        try
        {
            return RandomAccess.Read(_handle, buffer, offset);
        }
        catch (IOException e)
        {
            throw Unreadable(Path, e);
        }
    }

    private BoltMeta? FindMeta()
    {
        BoltMeta? first = MetaAt(0);
        if (first is not null)
        {
            return Newer(first, MetaAt(first.PageSize));
        }

        for (int i = 0; i < MaxSizeGuesses; i++)
        {
            int size = FirstSizeGuess << i;
            if (MetaAt(size) is { } second && second.PageSize == size)
            {
                return second;
            }
        }

        return null;
    }

    private BoltMeta? MetaAt(long offset)
    {
        byte[] page = new byte[BoltMeta.Length];
        return offset + page.Length <= _length && Read(page, offset) == page.Length ? BoltMeta.TryParse(page) : null;
    }

    private static BoltMeta Newer(BoltMeta first, BoltMeta? second) =>
        second is not null && second.PageSize == first.PageSize && second.TransactionId > first.TransactionId
            ? second
            : first;

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (IOException e)
        {
            throw Unreadable(Path, e);
        }
    }

    private static GantryException Unreadable(string path, IOException e) =>
        new(ErrorKind.DataLoss, $"{path}: can't be read (error {e.HResult})", e);
}
