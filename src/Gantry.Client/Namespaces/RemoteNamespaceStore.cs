using Gantry.Api.Mapping;
using Gantry.Api.Services.Namespaces;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Namespaces;
using Empty = Google.Protobuf.WellKnownTypes.Empty;
using Namespace = Gantry.Core.Namespaces.Namespace;

namespace Gantry.Client.Namespaces;

/// <summary>
/// The namespaces of a daemon. Calls carry the namespace that they are about, as all others do: containerd needs it for the
/// events that they cause.
/// </summary>
internal sealed class RemoteNamespaceStore(Connection connection) : INamespaceStore
{
    public async Task<NamespaceInfo> GetAsync(Namespace name, CancellationToken cancellationToken)
    {
        GetNamespaceResponse response = new();
        await connection.CallAsync(
            "/containerd.services.namespaces.v1.Namespaces/Get",
            new GetNamespaceRequest { Name = name.ToString() },
            response,
            RpcHeaders.Of(name),
            cancellationToken).ConfigureAwait(false);
        return response.Namespace.ToRecord();
    }

    public async Task<IReadOnlyList<NamespaceInfo>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        // The request has room for one filter only; several mean any of them.
        List<NamespaceInfo> found = [];
        foreach (string filter in filters.Count > 0 ? filters : [""])
        {
            ListNamespacesResponse response = new();
            await connection.CallAsync(
                "/containerd.services.namespaces.v1.Namespaces/List",
                new ListNamespacesRequest { Filter = filter },
                response,
                RpcHeaders.None,
                cancellationToken).ConfigureAwait(false);
            found.AddRange(response.Namespaces.Select(n => n.ToRecord()));
        }

        return [.. found.DistinctBy(n => n.Name).OrderBy(n => n.Name.ToString(), StringComparer.Ordinal)];
    }

    public async Task<NamespaceInfo> CreateAsync(NamespaceInfo info, CancellationToken cancellationToken)
    {
        CreateNamespaceResponse response = new();
        await connection.CallAsync(
            "/containerd.services.namespaces.v1.Namespaces/Create",
            new CreateNamespaceRequest { Namespace = info.ToMessage() },
            response,
            RpcHeaders.Of(info.Name),
            cancellationToken).ConfigureAwait(false);
        return response.Namespace.ToRecord();
    }

    public async Task<NamespaceInfo> UpdateAsync(
        NamespaceInfo info,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateNamespaceResponse response = new();
        await connection.CallAsync(
            "/containerd.services.namespaces.v1.Namespaces/Update",
            new UpdateNamespaceRequest { Namespace = info.ToMessage(), UpdateMask = mask.ToMessage() },
            response,
            RpcHeaders.Of(info.Name),
            cancellationToken).ConfigureAwait(false);
        return response.Namespace.ToRecord();
    }

    public async Task DeleteAsync(Namespace name, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.namespaces.v1.Namespaces/Delete",
            new DeleteNamespaceRequest { Name = name.ToString() },
            new Empty(),
            RpcHeaders.Of(name),
            cancellationToken).ConfigureAwait(false);
}
