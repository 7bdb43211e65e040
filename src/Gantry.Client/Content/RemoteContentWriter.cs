using Gantry.Api.Mapping;
using Gantry.Api.Services.Content;
using Gantry.Client.Internal;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Google.Protobuf;

namespace Gantry.Client.Content;

/// <summary>
/// An ingest of a daemon, written over one call. Every message states the offset that it is for: to the daemon an offset
/// of 0 means to begin again, on a commit as well.
/// </summary>
internal sealed class RemoteContentWriter : IContentWriter
{
    private const int ChunkBytes = 1 << 20;

    private readonly RpcDuplex _call;
    private readonly string _reference;
    private string _digest = "";

    private RemoteContentWriter(RpcDuplex call, IngestStatus status)
    {
        _call = call;
        _reference = status.Ref;
        Status = status;
    }

    public IngestStatus Status { get; private set; }

    public static async Task<RemoteContentWriter> OpenAsync(
        Connection connection,
        RpcHeaders headers,
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken)
    {
        RemoteContentWriter writer = new(
            connection.Open("/containerd.services.content.v1.Content/Write", headers),
            new IngestStatus(reference, 0, total, expected, default, default));
        try
        {
            await writer.ExchangeAsync(
                new WriteContentRequest
                {
                    Action = WriteAction.Stat,
                    Ref = reference,
                    Total = total,
                    Expected = expected.ToString(),
                },
                cancellationToken).ConfigureAwait(false);
            return writer;
        }
        catch
        {
            writer._call.Dispose();
            throw;
        }
    }

    public Digest CurrentDigest() =>
        Digest.TryParse(_digest, out Digest digest) ? digest : Digest.OfBytes([]);

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (data.Length > 0)
        {
            ReadOnlyMemory<byte> chunk = data[..Math.Min(data.Length, ChunkBytes)];
            long offset = Status.Offset;
            await ExchangeAsync(
                new WriteContentRequest
                {
                    Action = WriteAction.Write,
                    Ref = _reference,
                    Total = Status.Total,
                    Expected = Status.Expected.ToString(),
                    Offset = offset,

                    // The message is written out before the caller gets the memory back.
                    Data = UnsafeByteOperations.UnsafeWrap(chunk),
                },
                cancellationToken).ConfigureAwait(false);
            long written = Status.Offset - offset;
            if (written <= 0 || written > chunk.Length)
            {
                throw new GantryException(
                    ErrorKind.Internal,
                    $"ref {_reference}: write of {chunk.Length} bytes at {offset} ended at {Status.Offset}");
            }

            data = data[(int)written..];
        }
    }

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        if (Status.Offset == 0)
        {
            return;
        }

        await ExchangeAsync(
            new WriteContentRequest { Action = WriteAction.Write, Ref = _reference, Total = Status.Total, Offset = 0 },
            cancellationToken).ConfigureAwait(false);
        if (Status.Offset != 0)
        {
            throw new GantryException(ErrorKind.Internal, $"ref {_reference}: restarted at {Status.Offset}");
        }
    }

    public async Task CommitAsync(
        long size,
        Digest expected,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        WriteContentRequest request = new()
        {
            Action = WriteAction.Commit,
            Ref = _reference,
            Total = size,
            Offset = Status.Offset,
            Expected = expected.ToString(),
        };
        request.Labels.Fill(labels);
        await ExchangeAsync(request, cancellationToken).ConfigureAwait(false);

        if (size > 0 && Status.Offset != size)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"ref {_reference}: committed {Status.Offset} bytes instead of {size}");
        }

        if (!expected.IsEmpty && _digest.Length > 0 && _digest != expected.ToString())
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"ref {_reference}: committed {_digest} instead of {expected}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The daemon unlocks the ref when the call has ended on its side: wait for that end. Until then answers
            // may come that nobody waits for: the one to a commit is sent twice (WIRE: content write).
            _call.Complete();
            while (await _call.ReadAsync(new WriteContentResponse(), CancellationToken.None).ConfigureAwait(false))
            {
            }
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException)
        {
            // The call has failed before, and whoever made it was told.
        }
        finally
        {
            _call.Dispose();
        }
    }

    /// <summary>Sends a message and takes the answer to it.</summary>
    private async Task ExchangeAsync(WriteContentRequest request, CancellationToken cancellationToken)
    {
        WriteContentResponse response = new();
        try
        {
            await _call.WriteAsync(request, cancellationToken).ConfigureAwait(false);
            if (!await _call.ReadAsync(response, cancellationToken).ConfigureAwait(false))
            {
                throw new GantryException(ErrorKind.Internal, $"ref {_reference}: the daemon ended the write");
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody could say any more which answer belongs to which message.
            _call.Dispose();
            throw;
        }

        _digest = response.Digest;
        Status = Status with
        {
            Offset = response.Offset,
            Total = response.Total > 0 ? response.Total : Status.Total,
            StartedAt = response.StartedAt is null ? Status.StartedAt : response.StartedAt.ToRecord(),
            UpdatedAt = response.UpdatedAt is null ? Status.UpdatedAt : response.UpdatedAt.ToRecord(),
        };
    }
}
