using Gantry.Api.Mapping;
using Gantry.Api.Services.Leases;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Server.Streams;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Lease = Gantry.Core.Leases.Lease;

namespace Gantry.Server.Services;

/// <summary>containerd.services.leases.v1.Leases.</summary>
internal sealed class LeasesService(IMetadata metadata, StreamTable streams) : Leases.LeasesBase
{
    /// <inheritdoc/>
    public override async Task<CreateResponse> Create(CreateRequest request, ServerCallContext context)
    {
        Lease lease = await metadata.In(context).Leases.CreateAsync(
            request.Id,
            request.Labels.ToRecord(),
            context.CancellationToken);
        return new CreateResponse { Lease = lease.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Delete(DeleteRequest request, ServerCallContext context)
    {
        await metadata.In(context).Leases.DeleteAsync(request.Id, request.Sync, context.CancellationToken);
        streams.CloseLeased(context.Namespace().ToString(), request.Id);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> AddResource(AddResourceRequest request, ServerCallContext context)
    {
        LeaseResource resource = (request.Resource ?? new Resource()).ToRecord();
        await metadata.In(context).Leases.AddResourceAsync(request.Id, resource, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> DeleteResource(DeleteResourceRequest request, ServerCallContext context)
    {
        LeaseResource resource = (request.Resource ?? new Resource()).ToRecord();
        await metadata.In(context).Leases.RemoveResourceAsync(request.Id, resource, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<ListResourcesResponse> ListResources(
        ListResourcesRequest request,
        ServerCallContext context)
    {
        IReadOnlyList<LeaseResource> resources =
            await metadata.In(context).Leases.ListResourcesAsync(request.Id, context.CancellationToken);
        ListResourcesResponse response = new();
        response.Resources.AddRange(resources.Select(resource => resource.ToMessage()));
        return response;
    }
}
