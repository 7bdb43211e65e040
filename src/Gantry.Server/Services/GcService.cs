using Gantry.Api.Collection;
using Gantry.Core.Collection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>gantry.gc.v1.Gc.</summary>
internal sealed class GcService(IGarbageCollector collector) : Gc.GcBase
{
    /// <inheritdoc/>
    public override async Task<CollectResponse> Collect(CollectRequest request, ServerCallContext context)
    {
        CollectionReport report = await collector.CollectAsync(context.CancellationToken);
        CollectResponse response = new()
        {
            Elapsed = Duration.FromTimeSpan(report.Elapsed),
            Objects = report.Objects,
        };
        response.Removed.AddRange(report.Removed.Select(removed =>
            new Removed { Kind = removed.Kind, Count = removed.Count, Bytes = removed.Bytes }));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        Explanation explanation = await collector.ExplainAsync(
            context.Namespace(),
            request.Object,
            request.Snapshotter,
            context.CancellationToken);
        ExplainResponse response = new()
        {
            Kind = explanation.Kind,
            Key = explanation.Key,
            Kept = explanation.IsKept,
            Summary = explanation.Summary,
        };
        response.Chain.AddRange(explanation.Chain.Select(ToMessage));
        response.Holders.AddRange(explanation.Holders.Select(ToMessage));
        return response;
    }

    private static Link ToMessage(ExplainedLink link) =>
        new() { Kind = link.Kind, Key = link.Key, Reason = link.Reason, Kept = link.IsKept };
}
