using Gantry.Api.Mapping;
using Gantry.Api.Services.Leases;
using Gantry.Client.Internal;
using Gantry.Core.Leases;
using Empty = Google.Protobuf.WellKnownTypes.Empty;
using Lease = Gantry.Core.Leases.Lease;

namespace Gantry.Client.Leases;

/// <summary>The leases of a namespace of a daemon.</summary>
internal sealed class RemoteLeaseStore(Connection connection, RpcHeaders headers) : ILeaseStore
{
    public async Task<Lease> CreateAsync(
        string id,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        CreateRequest request = new() { Id = id };
        request.Labels.Fill(labels);
        CreateResponse response = new();
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/Create",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Lease.ToRecord();
    }

    public async Task DeleteAsync(string id, bool synchronous, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/Delete",
            new DeleteRequest { Id = id, Sync = synchronous },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<Lease>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListResponse response = new();
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/List",
            new ListRequest { Filters = { filters } },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Leases.Select(l => l.ToRecord())];
    }

    public async Task AddResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/AddResource",
            new AddResourceRequest { Id = id, Resource = resource.ToMessage() },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task RemoveResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/DeleteResource",
            new DeleteResourceRequest { Id = id, Resource = resource.ToMessage() },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken)
    {
        ListResourcesResponse response = new();
        await connection.CallAsync(
            "/containerd.services.leases.v1.Leases/ListResources",
            new ListResourcesRequest { Id = id },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Resources.Select(r => r.ToRecord())];
    }
}
