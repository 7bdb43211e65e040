using System.Collections.Immutable;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;
using Gantry.Server.Config;

namespace Gantry.Server.Proxies;

/// <summary>
/// The blobs of all namespaces, kept by another program that speaks the content service on a socket of its own. To one
/// that has namespaces, everything belongs to the single namespace <c>gantry</c>, where a label keeps it from being
/// collected.
/// </summary>
internal sealed class ProxyBlobStore : IBlobStore, IAsyncDisposable
{
    private static readonly ImmutableDictionary<string, string> Kept =
        ImmutableDictionary<string, string>.Empty.Add(WellKnownLabels.GcRoot, "gantry");

    private readonly ProxyCalls _calls;
    private readonly IContentStore _remote;

    /// <summary>Opens the store; the proxy need not be there.</summary>
    /// <param name="config">Its table of the config.</param>
    /// <param name="limit">How long a call may take.</param>
    /// <param name="time">The clock.</param>
    public ProxyBlobStore(ProxyPluginConfig config, TimeSpan limit, TimeProvider time)
    {
        Config = config;
        _calls = new ProxyCalls(config, limit, time);
        _remote = _calls.Client.In(Namespace.Parse("gantry")).Content;
    }

    /// <summary>Its table of the config.</summary>
    public ProxyPluginConfig Config { get; }

    /// <inheritdoc/>
    public async ValueTask<long?> FindSizeAsync(Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            return (await _calls.CallAsync("Info", token => _remote.InfoAsync(digest, token), cancellationToken)).Size;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(Digest digest, CancellationToken cancellationToken) =>
        new ProxyBlobStream(
            _calls,
            await _calls.CallAsync("Read", token => _remote.OpenReaderAsync(digest, token), cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<Digest> ListAsync(CancellationToken cancellationToken) =>
        _calls.ListAsync("List", token => _remote.ListAsync([], token), cancellationToken)
            .Select(info => info.Digest);

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(Digest digest, CancellationToken cancellationToken) =>
        await IgnoreNotFoundAsync("Delete", token => _remote.DeleteAsync(digest, token), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IBlobIngest> OpenIngestAsync(
        BlobIngestInfo ingest,
        bool resume,
        CancellationToken cancellationToken)
    {
        IContentWriter writer;
        try
        {
            writer = await OpenWriterAsync(ingest, cancellationToken);
        }
        catch (GantryException e) when (!resume && e.Kind is not ErrorKind.Unavailable)
        {
            // What is there is of another size than is wanted now.
            await RemoveIngestAsync(ingest.Name, cancellationToken);
            writer = await OpenWriterAsync(ingest, cancellationToken);
        }

        ProxyBlobIngest opened = new(_calls, writer, Kept);
        if (!resume)
        {
            await opened.RestartAsync(cancellationToken);
        }

        return opened;
    }

    /// <inheritdoc/>
    public async ValueTask<BlobIngestState?> FindIngestAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            IngestStatus status = await _calls.CallAsync(
                "Status", token => _remote.StatusAsync(name, token), cancellationToken);
            return new BlobIngestState(status.Offset, status.UpdatedAt);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask RemoveIngestAsync(string name, CancellationToken cancellationToken) =>
        await IgnoreNotFoundAsync("Abort", token => _remote.AbortAsync(name, token), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RemoveIngestsExceptAsync(
        Func<IEnumerable<string>> known,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<IngestStatus> ingests = await _calls.CallAsync(
            "ListStatuses", token => _remote.ListStatusesAsync([], token), cancellationToken);
        HashSet<string> kept = known().ToHashSet(StringComparer.Ordinal);
        foreach (IngestStatus ingest in ingests.Where(ingest => !kept.Contains(ingest.Ref)))
        {
            await RemoveIngestAsync(ingest.Ref, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    // That a blob of this digest is there already is found out before, and not by the digest that is expected, which would
    // end the ingest; only an algorithm that is not the usual one has to be told.
    private Task<IContentWriter> OpenWriterAsync(BlobIngestInfo ingest, CancellationToken cancellationToken) =>
        _calls.CallAsync(
            "Write",
            token => _remote.OpenWriterAsync(
                ingest.Name,
                ingest.Total,
                ingest.Expected.Algorithm == "sha512" ? ingest.Expected : default,
                token),
            cancellationToken);

    private async Task IgnoreNotFoundAsync(
        string what,
        Func<CancellationToken, Task> call,
        CancellationToken cancellationToken)
    {
        try
        {
            await _calls.CallAsync(what, call, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // Then it need not be removed.
            return;
        }
    }
}
