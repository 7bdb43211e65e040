using Gantry.Api.Collection;
using Gantry.Client.Internal;
using Gantry.Core.Collection;
using Gantry.Core.Namespaces;

namespace Gantry.Client.Collection;

/// <summary>The collector of a Gantry daemon.</summary>
internal sealed class RemoteGarbageCollector(Connection connection) : IGarbageCollector
{
    public async Task<CollectionReport> CollectAsync(CancellationToken cancellationToken)
    {
        CollectResponse response = new();
        await connection.CallAsync(
            "/gantry.gc.v1.Gc/Collect",
            new CollectRequest(),
            response,
            RpcHeaders.None,
            cancellationToken).ConfigureAwait(false);
        return new CollectionReport(
            response.Elapsed?.ToTimeSpan() ?? TimeSpan.Zero,
            response.Objects,
            [.. response.Removed.Select(removed => new RemovedKind(removed.Kind, removed.Count, removed.Bytes))]);
    }

    public async Task<Explanation> ExplainAsync(
        Namespace ns,
        string name,
        string snapshotter,
        CancellationToken cancellationToken)
    {
        ExplainResponse response = new();
        await connection.CallAsync(
            "/gantry.gc.v1.Gc/Explain",
            new ExplainRequest { Object = name, Snapshotter = snapshotter },
            response,
            RpcHeaders.Of(ns),
            cancellationToken).ConfigureAwait(false);
        return new Explanation(
            response.Kind,
            response.Key,
            response.Kept,
            response.Summary,
            [.. response.Chain.Select(ToRecord)],
            [.. response.Holders.Select(ToRecord)]);
    }

    private static ExplainedLink ToRecord(Link link) => new(link.Kind, link.Key, link.Reason, link.Kept);
}
