using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Namespaces;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Server.Publishing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Namespace = Gantry.Core.Namespaces.Namespace;

namespace Gantry.Server.Services;

/// <summary>containerd.services.namespaces.v1.Namespaces.</summary>
internal sealed class NamespacesService(IMetadata metadata, EventPublisher events) : Namespaces.NamespacesBase
{
    /// <inheritdoc/>
    public override async Task<GetNamespaceResponse> Get(GetNamespaceRequest request, ServerCallContext context)
    {
        if (!Identifier.IsValid(request.Name))
        {
            // There can't be one of that name: it has no labels.
            return new GetNamespaceResponse { Namespace = new Api.Services.Namespaces.Namespace { Name = request.Name } };
        }

        NamespaceInfo info = await metadata.Namespaces.GetAsync(
            Namespace.Parse(request.Name),
            context.CancellationToken);
        return new GetNamespaceResponse { Namespace = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<ListNamespacesResponse> List(ListNamespacesRequest request, ServerCallContext context)
    {
        IReadOnlyList<string> filters = request.Filter.Length == 0 ? [] : [request.Filter];
        IReadOnlyList<NamespaceInfo> all = await metadata.Namespaces.ListAsync(filters, context.CancellationToken);
        ListNamespacesResponse response = new();
        response.Namespaces.AddRange(all.Select(info => info.ToMessage()));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<CreateNamespaceResponse> Create(
        CreateNamespaceRequest request,
        ServerCallContext context)
    {
        NamespaceInfo wanted = (request.Namespace ?? new Api.Services.Namespaces.Namespace()).ToRecord();
        NamespaceInfo info = await metadata.Namespaces.CreateAsync(wanted, context.CancellationToken);
        NamespaceCreate created = new() { Name = info.Name.ToString() };
        created.Labels.Fill(info.Labels);
        await events.PublishAsync(info.Name, "/namespaces/create", created);
        return new CreateNamespaceResponse { Namespace = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateNamespaceResponse> Update(
        UpdateNamespaceRequest request,
        ServerCallContext context)
    {
        NamespaceInfo wanted = request.Namespace.ToRecord();
        Core.FieldMask mask = request.UpdateMask.ToRecord();
        NamespaceInfo info = await metadata.Namespaces.UpdateAsync(wanted, mask, context.CancellationToken);
        NamespaceUpdate updated = new() { Name = info.Name.ToString() };
        updated.Labels.Fill(info.Labels);
        await events.PublishAsync(info.Name, "/namespaces/update", updated);
        return new UpdateNamespaceResponse { Namespace = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Delete(DeleteNamespaceRequest request, ServerCallContext context)
    {
        if (!Identifier.IsValid(request.Name))
        {
            throw new GantryException(ErrorKind.NotFound, $"namespace \"{request.Name}\"");
        }

        Namespace name = Namespace.Parse(request.Name);
        await metadata.Namespaces.DeleteAsync(name, context.CancellationToken);
        await events.PublishAsync(name, "/namespaces/delete", new NamespaceDelete { Name = request.Name });
        return new Empty();
    }
}
