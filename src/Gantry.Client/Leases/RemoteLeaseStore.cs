using Gantry.Api.Mapping;
using Gantry.Api.Services.Leases;
using Gantry.Client.Internal;
using Gantry.Core.Leases;
using Grpc.Core;
using Lease = Gantry.Core.Leases.Lease;

namespace Gantry.Client.Leases;

/// <summary>The leases of a namespace of a daemon.</summary>
internal sealed class RemoteLeaseStore(Connection connection, Metadata headers) : ILeaseStore
{
    private readonly Api.Services.Leases.Leases.LeasesClient _api = new(connection.Invoker);

    public async Task<Lease> CreateAsync(
        string id,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        CreateRequest request = new() { Id = id };
        request.Labels.Fill(labels);
        CreateResponse response = await connection.UnaryAsync(
            _api.CreateAsync(request, headers, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Lease.ToRecord();
    }

    public async Task DeleteAsync(string id, bool synchronous, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteAsync(
            new DeleteRequest { Id = id, Sync = synchronous },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async Task<IReadOnlyList<Lease>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListResponse response = await connection.UnaryAsync(_api.ListAsync(
            new ListRequest { Filters = { filters } },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. response.Leases.Select(l => l.ToRecord())];
    }

    public async Task AddResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.AddResourceAsync(
            new AddResourceRequest { Id = id, Resource = resource.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async Task RemoveResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteResourceAsync(
            new DeleteResourceRequest { Id = id, Resource = resource.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken)
    {
        ListResourcesResponse response = await connection.UnaryAsync(_api.ListResourcesAsync(
            new ListResourcesRequest { Id = id },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. response.Resources.Select(r => r.ToRecord())];
    }
}
