using Gantry.Api.Mapping;
using Gantry.Api.Services.Mounts;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.mounts.v1.Mounts.</summary>
internal sealed class MountsService(IMetadata metadata) : Mounts.MountsBase
{
    /// <inheritdoc/>
    public override async Task<ActivateResponse> Activate(ActivateRequest request, ServerCallContext context)
    {
        Activation activation = await metadata.In(context).Mounts.ActivateAsync(
            request.Name,
            request.Mounts.ToRecords(),
            request.Labels.ToRecord(),
            request.Temporary,
            context.CancellationToken);
        return new ActivateResponse { Info = activation.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Deactivate(DeactivateRequest request, ServerCallContext context)
    {
        await metadata.In(context).Mounts.DeactivateAsync(request.Name, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context)
    {
        Activation activation = await metadata.In(context).Mounts.InfoAsync(request.Name, context.CancellationToken);
        return new InfoResponse { Info = activation.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateResponse> Update(UpdateRequest request, ServerCallContext context)
    {
        Activation wanted = request.Info.ToRecord();
        Activation activation = await metadata.In(context).Mounts.UpdateAsync(
            wanted.Name,
            wanted.Labels,
            request.UpdateMask.ToRecord(),
            context.CancellationToken);
        return new UpdateResponse { Info = activation.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task List(
        ListRequest request,
        IServerStreamWriter<ListMessage> responseStream,
        ServerCallContext context)
    {
        IReadOnlyList<Activation> activations =
            await metadata.In(context).Mounts.ListAsync(request.Filters, context.CancellationToken);
        foreach (Activation activation in activations)
        {
            await responseStream.WriteAsync(
                new ListMessage { Info = activation.ToMessage() }, context.CancellationToken);
        }
    }
}
