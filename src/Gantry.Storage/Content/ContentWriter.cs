using System.Buffers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;

namespace Gantry.Storage.Content;

/// <summary>
/// The writer of an ingest. Bytes are hashed as they are written. A writer that stands for a blob that is there already
/// (it <em>shares</em> it) has no bytes of its own until something is written.
/// </summary>
/// <remarks>
/// A commit is done in this order, so that at any moment a record in the database has its bytes:
/// <list type="number">
/// <item>size and digest are checked;</item>
/// <item>the data is made durable,</item>
/// <item>and a blob of its digest;</item>
/// <item>one transaction makes the record of the blob, removes that of the ingest, and adds the blob to the lease;</item>
/// <item>what is left of the ingest is removed.</item>
/// </list>
/// </remarks>
internal sealed class ContentWriter : IContentWriter
{
    private const int CopyBufferSize = 1 << 20;

    private readonly ScopeContext _scope;
    private readonly Ingest _ingest;
    private readonly IngestLock _lock;
    private readonly Digest _expected;
    private Digest _pinned;
    private IBlobIngest? _data;
    private long _offset;
    private long _updatedTicks;
    private bool _broken;
    private volatile bool _aborted;
    private bool _done;

    private ContentWriter(ScopeContext scope, Ingest ingest, IngestLock held, Digest expected)
    {
        _scope = scope;
        _ingest = ingest;
        _lock = held;
        _expected = expected;
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
        new(scope, ingest, held, ingest.Expected)
        {
            _offset = ingest.Total,
            _pinned = ingest.Expected,
        };

    /// <summary>Opens a writer, going on with what is there; it takes over the lock.</summary>
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
        ContentWriter writer = new(scope, ingest, held, expected);
        await writer.OpenDataAsync(resume, cancellationToken);
        return writer;
    }

    /// <summary>Ends the ingest of this name, if it is the one that is written here: no more can be written.</summary>
    public void Abort(string backend) => _aborted |= backend == _ingest.Backend;

    /// <inheritdoc/>
    public Digest CurrentDigest() => _data?.CurrentDigest() ?? _ingest.Expected;

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        RequireUsable();
        cancellationToken.ThrowIfCancellationRequested();
        if (data.IsEmpty)
        {
            return;
        }

        if (_data is null)
        {
            await UnshareAsync(cancellationToken);
        }

        // Until the bytes are written, nobody can say how many there are.
        _broken = true;
        await _data!.WriteAsync(data, cancellationToken);
        _broken = false;
        StorageMetrics.ContentBytes.Add(data.Length);
        Volatile.Write(ref _offset, _offset + data.Length);
        Volatile.Write(ref _updatedTicks, _scope.Time.GetUtcNow().UtcTicks);
    }

    /// <inheritdoc/>
    public IIngestReader? OpenReader()
    {
        RequireUsable();
        return _data?.OpenReader();
    }

    /// <inheritdoc/>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        RequireOpen();
        cancellationToken.ThrowIfCancellationRequested();
        _broken = true;
        await CloseDataAsync();
        await OpenDataAsync(resume: false, cancellationToken);
        _broken = false;
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
            if (_data is not null)
            {
                await PublishAsync(actual);
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
        await CloseAsync();
        await _scope.Blobs.RemoveIngestAsync(_ingest.Backend);
        if (!isNew)
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"content {actual}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => CloseAsync();

    private async Task<Digest> CheckAsync(long size, Digest expected, CancellationToken cancellationToken)
    {
        if (size != 0 && size != _offset)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"\"{_ingest.Reference}\" failed size validation: {_offset} != {size}");
        }

        if (_data is null)
        {
            return expected.IsEmpty || expected == _ingest.Expected
                ? _ingest.Expected
                : throw new GantryException(
                    ErrorKind.FailedPrecondition,
                    $"\"{_ingest.Reference}\" unexpected digest");
        }

        Digest actual = await _data.DigestAsync(expected, cancellationToken);
        return expected.IsEmpty || expected == actual
            ? actual
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"unexpected commit digest {actual}, expected {expected}");
    }

    private async Task PublishAsync(Digest digest)
    {
        try
        {
            await _data!.PublishAsync(digest);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
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

    /// <summary>Makes bytes of its own out of the shared blob, so that more can be written.</summary>
    private async Task UnshareAsync(CancellationToken cancellationToken)
    {
        long length = _offset;
        _broken = true;
        await OpenDataAsync(resume: false, cancellationToken);
        await using Stream source = await _scope.Blobs.Store.OpenAsync(_ingest.Expected, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        try
        {
            while (_offset < length)
            {
                int read = await source.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    throw new GantryException(ErrorKind.DataLoss, $"content {_ingest.Expected} is too short");
                }

                await _data!.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                Volatile.Write(ref _offset, _offset + read);
            }

            _broken = false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask OpenDataAsync(bool resume, CancellationToken cancellationToken)
    {
        _data = await _scope.Blobs.Store.OpenIngestAsync(
            new BlobIngestInfo(_ingest.Backend, _ingest.Total, _expected, _ingest.StartedAt),
            resume,
            cancellationToken);
        Volatile.Write(ref _offset, _data.State.Offset);
        Volatile.Write(ref _updatedTicks, _data.State.UpdatedAt.UtcTicks);
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

    private async ValueTask CloseDataAsync()
    {
        if (_data is { } data)
        {
            _data = null;
            await data.DisposeAsync();
        }
    }

    private async ValueTask CloseAsync()
    {
        try
        {
            await CloseDataAsync();
        }
        finally
        {
            if (!_pinned.IsEmpty)
            {
                _scope.Blobs.Pins.Unpin(_pinned);
                _pinned = default;
            }

            _scope.Blobs.Locks.Unlock(_lock);
        }
    }
}
