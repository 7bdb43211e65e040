using System.Buffers;
using System.Security.Cryptography;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Content;

/// <summary>
/// The writer of an ingest. Bytes are hashed as they are written. A writer that stands for a blob that is on disk
/// already (it <em>shares</em> it) has no file until something is written.
/// </summary>
/// <remarks>
/// A commit is done in this order, so that at any moment a record in the database has its bytes on disk:
/// <list type="number">
/// <item>size and digest are checked;</item>
/// <item>the data is synced;</item>
/// <item>it is renamed to its place among the blobs, and their directory is synced;</item>
/// <item>one transaction makes the record of the blob, removes that of the ingest, and adds the blob to the lease;</item>
/// <item>what is left of the ingest is removed.</item>
/// </list>
/// </remarks>
internal sealed class ContentWriter : IContentWriter
{
    private const int CopyBufferSize = 1 << 20;
    private const int InlineWriteSize = 32 * 1024;

    private readonly ScopeContext _scope;
    private readonly Ingest _ingest;
    private readonly IngestLock _lock;
    private readonly HashAlgorithmName _algorithm;
    private Digest _pinned;
    private SafeFileHandle? _file;
    private IncrementalHash? _hash;
    private long _offset;
    private long _updatedTicks;
    private bool _broken;
    private volatile bool _aborted;
    private bool _done;

    private ContentWriter(ScopeContext scope, Ingest ingest, IngestLock held, HashAlgorithmName algorithm)
    {
        _scope = scope;
        _ingest = ingest;
        _lock = held;
        _algorithm = algorithm;
        _updatedTicks = ingest.StartedAt.UtcTicks;
    }

    /// <inheritdoc/>
    public IngestStatus Status => new(
        _ingest.Reference,
        Volatile.Read(ref _offset),
        _ingest.Total,
        _ingest.Expected,
        _ingest.StartedAt,
        new DateTimeOffset(Volatile.Read(ref _updatedTicks), TimeSpan.Zero));

    /// <summary>Opens a writer that shares a blob; it takes over the pin of the blob, and the lock.</summary>
    public static ContentWriter Share(ScopeContext scope, Ingest ingest, IngestLock held) =>
        new(scope, ingest, held, AlgorithmOf(ingest.Expected))
        {
            _offset = ingest.Total,
            _pinned = ingest.Expected,
        };

    /// <summary>Opens a writer with a file, going on with what is there; it takes over the lock.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="ingest">The record.</param>
    /// <param name="held">The lock.</param>
    /// <param name="expected">The digest that the client expects, for its algorithm.</param>
    /// <param name="resume">Whether to go on with the data that is there.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<ContentWriter> OpenAsync(
        ScopeContext scope,
        Ingest ingest,
        IngestLock held,
        Digest expected,
        bool resume,
        CancellationToken cancellationToken)
    {
        ContentWriter writer = new(scope, ingest, held, AlgorithmOf(expected));
        try
        {
            if (resume && scope.Blobs.ReadIngest(ingest.Backend) is { } state)
            {
                writer.OpenFile();
                await writer.HashFileAsync(state.Offset, cancellationToken);
                writer._updatedTicks = state.UpdatedAt.UtcTicks;
            }
            else
            {
                writer.CreateFile();
            }

            return writer;
        }
        catch
        {
            writer.CloseFile();
            throw;
        }
    }

    /// <summary>Ends the ingest of this name, if it is the one that is written here: no more can be written.</summary>
    public void Abort(string backend) => _aborted |= backend == _ingest.Backend;

    /// <inheritdoc/>
    public Digest CurrentDigest() => _hash is null ? _ingest.Expected : DigestOf(_hash);

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireUsable();
        cancellationToken.ThrowIfCancellationRequested();
        if (data.IsEmpty)
        {
            return;
        }

        if (_file is null)
        {
            await UnshareAsync(cancellationToken);
        }

        // Until the bytes are written, the hash and the file may tell different things.
        _broken = true;
        if (data.Length <= InlineWriteSize)
        {
            RandomAccess.Write(_file!, data.Span, _offset);
            _hash!.AppendData(data.Span);
        }
        else
        {
            ValueTask write = RandomAccess.WriteAsync(_file!, data, _offset, CancellationToken.None);
            try
            {
                _hash!.AppendData(data.Span);
            }
            finally
            {
                await write;
            }
        }

        _broken = false;
        Volatile.Write(ref _offset, _offset + data.Length);
        Volatile.Write(ref _updatedTicks, _scope.Time.GetUtcNow().UtcTicks);
    }

    /// <inheritdoc/>
    public Task RestartAsync(CancellationToken cancellationToken)
    {
        RequireOpen();
        cancellationToken.ThrowIfCancellationRequested();
        CloseFile();
        CreateFile();
        _broken = false;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task CommitAsync(
        long size,
        Digest expected,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        RequireUsable();
        IReadOnlyDictionary<string, string> checkedLabels = Labels.Check(labels, "info.Labels");
        _scope.Database.Read(connection =>
        {
            LeaseTable.RequireForRequest(connection, _scope.Namespace, _scope.Lease);
            return true;
        });

        // Step 1: check.
        Digest actual = await CheckAsync(size, expected, cancellationToken);
        await _scope.Blobs.Pins.PinAsync(actual, cancellationToken);
        bool isNew;
        try
        {
            // Steps 2 and 3: the data becomes a blob.
            if (_file is not null)
            {
                await Task.Run(() => Publish(actual), CancellationToken.None);
            }

            // Step 4: the database. Nothing can be taken back from here on.
            isNew = await RecordAsync(actual, checkedLabels);
        }
        finally
        {
            _scope.Blobs.Pins.Unpin(actual);
        }

        // Step 5: tidy up.
        _done = true;
        _scope.Blobs.RemoveIngest(_ingest.Backend);
        Close();
        if (!isNew)
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"content {actual}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (!_done && _file is not null)
        {
            _scope.Blobs.TouchIngest(_ingest.Backend, new DateTimeOffset(_updatedTicks, TimeSpan.Zero));
        }

        Close();
        return ValueTask.CompletedTask;
    }

    private static HashAlgorithmName AlgorithmOf(Digest digest) =>
        digest.Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    private static Digest DigestOf(IncrementalHash hash) =>
        hash.AlgorithmName == HashAlgorithmName.SHA512
            ? Digest.Parse("sha512:" + Convert.ToHexStringLower(hash.GetCurrentHash()))
            : Digest.FromSha256(hash.GetCurrentHash());

    private async Task<Digest> CheckAsync(long size, Digest expected, CancellationToken cancellationToken)
    {
        if (size != 0 && size != _offset)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"\"{_ingest.Reference}\" failed size validation: {_offset} != {size}");
        }

        if (_file is null)
        {
            return expected.IsEmpty || expected == _ingest.Expected
                ? _ingest.Expected
                : throw new GantryException(
                    ErrorKind.FailedPrecondition,
                    $"\"{_ingest.Reference}\" unexpected digest");
        }

        if (!expected.IsEmpty && AlgorithmOf(expected) != _hash!.AlgorithmName)
        {
            _hash.Dispose();
            _hash = IncrementalHash.CreateHash(AlgorithmOf(expected));
            await HashFileAsync(_offset, cancellationToken);
        }

        Digest actual = DigestOf(_hash!);
        return expected.IsEmpty || expected == actual
            ? actual
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"unexpected commit digest {actual}, expected {expected}");
    }

    private void Publish(Digest digest)
    {
        try
        {
            _scope.Blobs.Publish(_file!, _scope.Blobs.DataPath(_ingest.Backend), digest);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new GantryException(ErrorKind.NotFound, $"reference {_ingest.Reference}", e);
        }
    }

    private async Task<bool> RecordAsync(Digest digest, IReadOnlyDictionary<string, string> labels)
    {
        DateTimeOffset now = _scope.Time.GetUtcNow();
        ContentInfo info = new(digest, _offset, now, now, labels);
        try
        {
            return await _scope.Database.WriteAsync(
                writer =>
                {
                    NamespaceTable.Ensure(writer, _scope.Namespace);
                    bool isNew = ContentTable.Insert(writer, _scope.Namespace, info);
                    IngestTable.Delete(writer, _scope.Namespace, _ingest.Reference);
                    LeaseTable.Detach(writer, _scope.Namespace, _scope.Lease, NodeKind.Ingest, _ingest.Reference);
                    LeaseTable.Attach(
                        writer,
                        _scope.Namespace,
                        _scope.Lease,
                        NodeKind.Content,
                        digest.ToString());
                    return isNew;
                },
                CancellationToken.None);
        }
        catch
        {
            _broken = true;
            _scope.Collector.NoteUnrecorded(digest);
            throw;
        }
    }

    /// <summary>Makes a file of the shared blob, so that more can be written.</summary>
    private async Task UnshareAsync(CancellationToken cancellationToken)
    {
        long length = _offset;
        CreateFile();
        using SafeFileHandle source = File.OpenHandle(
            _scope.Blobs.BlobPath(_ingest.Expected),
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            FileOptions.SequentialScan);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        try
        {
            _broken = true;
            while (_offset < length)
            {
                int read = await RandomAccess.ReadAsync(source, buffer, _offset, cancellationToken);
                if (read == 0)
                {
                    throw new GantryException(ErrorKind.DataLoss, $"content {_ingest.Expected} is too short");
                }

                await RandomAccess.WriteAsync(_file!, buffer.AsMemory(0, read), _offset, cancellationToken);
                _hash!.AppendData(buffer, 0, read);
                Volatile.Write(ref _offset, _offset + read);
            }

            _broken = false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void CreateFile()
    {
        _scope.Blobs.CreateIngest(_ingest.Backend, _ingest.Total, _ingest.StartedAt);
        OpenFile();
        Volatile.Write(ref _offset, 0);
    }

    private void OpenFile()
    {
        _file = File.OpenHandle(
            _scope.Blobs.DataPath(_ingest.Backend),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete,
            FileOptions.Asynchronous);
        _hash = IncrementalHash.CreateHash(_algorithm);
    }

    /// <summary>Feeds the hash with the file's first bytes, and goes on behind them.</summary>
    private async Task HashFileAsync(long length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        try
        {
            long position = 0;
            while (position < length)
            {
                int wanted = (int)Math.Min(buffer.Length, length - position);
                int read = await RandomAccess.ReadAsync(
                    _file!,
                    buffer.AsMemory(0, wanted),
                    position,
                    cancellationToken);
                if (read == 0)
                {
                    break;
                }

                _hash!.AppendData(buffer, 0, read);
                position += read;
            }

            Volatile.Write(ref _offset, position);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void RequireOpen()
    {
        if (_done || _lock.IsReleased)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, "cannot use a closed writer");
        }

        if (_aborted)
        {
            throw new GantryException(ErrorKind.NotFound, $"reference {_ingest.Reference}");
        }
    }

    private void RequireUsable()
    {
        RequireOpen();
        if (_broken)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"reference {_ingest.Reference} must be opened again after a failed write");
        }
    }

    private void CloseFile()
    {
        _file?.Dispose();
        _file = null;
        _hash?.Dispose();
        _hash = null;
    }

    private void Close()
    {
        CloseFile();
        if (!_pinned.IsEmpty)
        {
            _scope.Blobs.Pins.Unpin(_pinned);
            _pinned = default;
        }

        _scope.Blobs.Locks.Unlock(_lock);
    }
}
