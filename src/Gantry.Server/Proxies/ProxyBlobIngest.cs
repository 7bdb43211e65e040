using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Server.Proxies;

/// <summary>An ingest of a proxy. The proxy hashes what it gets.</summary>
/// <param name="calls">The way to the proxy.</param>
/// <param name="writer">Its writer.</param>
/// <param name="labels">Labels that the blob gets there.</param>
internal sealed class ProxyBlobIngest(
    ProxyCalls calls,
    IContentWriter writer,
    IReadOnlyDictionary<string, string> labels) : IBlobIngest
{
    /// <inheritdoc/>
    public BlobIngestState State => new(writer.Status.Offset, writer.Status.UpdatedAt);

    /// <summary>Throws away what was written before.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await calls.CallAsync("Write", writer.RestartAsync, cancellationToken);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Digest CurrentDigest() => writer.CurrentDigest();

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        await calls.CallAsync("Write", token => writer.WriteAsync(data, token).AsTask(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Digest> DigestAsync(Digest like, CancellationToken cancellationToken) =>
        ValueTask.FromResult(writer.CurrentDigest());

    /// <inheritdoc/>
    public async ValueTask PublishAsync(Digest digest)
    {
        try
        {
            await calls.CallAsync(
                "Commit",
                token => writer.CommitAsync(writer.Status.Offset, digest, labels, token),
                CancellationToken.None);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            // Those bytes are there; whether a namespace has them is not for the proxy to say.
            return;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await calls.CallAsync("Write", token => writer.DisposeAsync().AsTask().WaitAsync(token), CancellationToken.None);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
        {
            // It is not there any more, or hangs: the ingest is as good as closed.
            return;
        }
    }
}
