using Gantry.Api.Mapping;
using Gantry.Api.Services.Containers;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Containers;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Gantry.Client.Containers;

/// <summary>The containers of a namespace of a daemon.</summary>
internal sealed class RemoteContainerStore(Connection connection, RpcHeaders headers) : IContainerStore
{
    public async Task<ContainerRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        GetContainerResponse response = new();
        await connection.CallAsync(
            "/containerd.services.containers.v1.Containers/Get",
            new GetContainerRequest { Id = id },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task<IReadOnlyList<ContainerRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListContainersResponse response = new();
        await connection.CallAsync(
            "/containerd.services.containers.v1.Containers/List",
            new ListContainersRequest { Filters = { filters } },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Containers.Select(c => c.ToRecord())];
    }

    public async Task<ContainerRecord> CreateAsync(ContainerRecord container, CancellationToken cancellationToken)
    {
        CreateContainerResponse response = new();
        await connection.CallAsync(
            "/containerd.services.containers.v1.Containers/Create",
            new CreateContainerRequest { Container = container.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task<ContainerRecord> UpdateAsync(
        ContainerRecord container,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateContainerResponse response = new();
        await connection.CallAsync(
            "/containerd.services.containers.v1.Containers/Update",
            new UpdateContainerRequest { Container = container.ToMessage(), UpdateMask = mask.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.containers.v1.Containers/Delete",
            new DeleteContainerRequest { Id = id },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);
}
