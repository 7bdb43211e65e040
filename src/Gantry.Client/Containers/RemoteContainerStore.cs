using Gantry.Api.Mapping;
using Gantry.Api.Services.Containers;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Containers;
using Grpc.Core;

namespace Gantry.Client.Containers;

/// <summary>The containers of a namespace of a daemon.</summary>
internal sealed class RemoteContainerStore(Connection connection, Metadata headers) : IContainerStore
{
    private readonly Api.Services.Containers.Containers.ContainersClient _api = new(connection.Invoker);

    public async Task<ContainerRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        GetContainerResponse response = await connection.UnaryAsync(_api.GetAsync(
            new GetContainerRequest { Id = id },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task<IReadOnlyList<ContainerRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListContainersResponse response = await connection.UnaryAsync(_api.ListAsync(
            new ListContainersRequest { Filters = { filters } },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. response.Containers.Select(c => c.ToRecord())];
    }

    public async Task<ContainerRecord> CreateAsync(ContainerRecord container, CancellationToken cancellationToken)
    {
        CreateContainerResponse response = await connection.UnaryAsync(_api.CreateAsync(
            new CreateContainerRequest { Container = container.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task<ContainerRecord> UpdateAsync(
        ContainerRecord container,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateContainerResponse response = await connection.UnaryAsync(_api.UpdateAsync(
            new UpdateContainerRequest { Container = container.ToMessage(), UpdateMask = mask.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Container.ToRecord();
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteAsync(
            new DeleteContainerRequest { Id = id },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
}
