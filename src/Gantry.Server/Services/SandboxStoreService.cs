using Gantry.Api.Mapping;
using Gantry.Api.Services.Sandbox;
using Gantry.Core;
using Gantry.Core.Metadata;
using Gantry.Core.Sandboxes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.sandbox.v1.Store.</summary>
internal sealed class SandboxStoreService(IMetadata metadata) : Store.StoreBase
{
    /// <inheritdoc/>
    public override async Task<StoreGetResponse> Get(StoreGetRequest request, ServerCallContext context)
    {
        SandboxRecord sandbox = await metadata.In(context).Sandboxes.GetAsync(request.SandboxId, context.CancellationToken);
        return new StoreGetResponse { Sandbox = sandbox.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<StoreListResponse> List(StoreListRequest request, ServerCallContext context)
    {
        IReadOnlyList<SandboxRecord> sandboxes =
            await metadata.In(context).Sandboxes.ListAsync(request.Filters, context.CancellationToken);
        return new StoreListResponse { List = { sandboxes.Select(sandbox => sandbox.ToMessage()) } };
    }

    /// <inheritdoc/>
    public override async Task<StoreCreateResponse> Create(StoreCreateRequest request, ServerCallContext context)
    {
        SandboxRecord sandbox =
            await metadata.In(context).Sandboxes.CreateAsync(request.Sandbox.ToRecord(), context.CancellationToken);
        return new StoreCreateResponse { Sandbox = sandbox.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<StoreUpdateResponse> Update(StoreUpdateRequest request, ServerCallContext context)
    {
        SandboxRecord sandbox = await metadata.In(context).Sandboxes.UpdateAsync(
            request.Sandbox.ToRecord(), new FieldMask([.. request.Fields]), context.CancellationToken);
        return new StoreUpdateResponse { Sandbox = sandbox.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<StoreDeleteResponse> Delete(StoreDeleteRequest request, ServerCallContext context)
    {
        await metadata.In(context).Sandboxes.DeleteAsync(request.SandboxId, context.CancellationToken);
        return new StoreDeleteResponse();
    }
}
