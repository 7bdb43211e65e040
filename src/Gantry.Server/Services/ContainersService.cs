using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Containers;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Server.Publishing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.containers.v1.Containers.</summary>
internal sealed class ContainersService(IMetadata metadata, EventPublisher events, ContainerLogs logs)
    : Containers.ContainersBase
{
    /// <inheritdoc/>
    public override async Task<GetContainerResponse> Get(GetContainerRequest request, ServerCallContext context)
    {
        ContainerRecord container =
            await metadata.In(context).Containers.GetAsync(request.Id, context.CancellationToken);
        return new GetContainerResponse { Container = container.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task ListStream(
        ListContainersRequest request,
        IServerStreamWriter<ListContainerMessage> responseStream,
        ServerCallContext context)
    {
        IReadOnlyList<ContainerRecord> containers =
            await metadata.In(context).Containers.ListAsync(request.Filters, context.CancellationToken);
        foreach (ContainerRecord container in containers)
        {
            ListContainerMessage message = new() { Container = container.ToMessage() };
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }

    /// <inheritdoc/>
    public override async Task<CreateContainerResponse> Create(
        CreateContainerRequest request,
        ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        ContainerRecord wanted = (request.Container ?? new Container()).ToRecord();
        ContainerRecord container = await scope.Containers.CreateAsync(wanted, context.CancellationToken);
        ContainerCreate created = new()
        {
            Id = container.Id,
            Image = container.Image,
            Runtime = new ContainerCreate.Types.Runtime
            {
                Name = container.RuntimeName,
                Options = container.RuntimeOptions.ToMessage(),
            },
        };
        await events.PublishAsync(scope.Namespace, "/containers/create", created);
        return new CreateContainerResponse { Container = container.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateContainerResponse> Update(
        UpdateContainerRequest request,
        ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        if (string.IsNullOrEmpty(request.Container?.Id))
        {
            throw GantryException.Verbatim(ErrorKind.InvalidArgument, "Container.ID required");
        }

        ContainerRecord container = await scope.Containers.UpdateAsync(
            request.Container.ToRecord(),
            request.UpdateMask.ToRecord(),
            context.CancellationToken);
        ContainerUpdate updated = new()
        {
            Id = container.Id,
            Image = container.Image,
            SnapshotKey = container.SnapshotKey,
        };
        updated.Labels.Fill(container.Labels);
        await events.PublishAsync(scope.Namespace, "/containers/update", updated);
        return new UpdateContainerResponse { Container = container.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Delete(DeleteContainerRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        await scope.Containers.DeleteAsync(request.Id, context.CancellationToken);
        logs.Remove(scope.Namespace.ToString(), request.Id);
        await events.PublishAsync(scope.Namespace, "/containers/delete", new ContainerDelete { Id = request.Id });
        return new Empty();
    }
}
