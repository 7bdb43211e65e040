using Gantry.Api.Mapping;
using Gantry.Api.Services.Namespaces;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Namespaces;
using Namespace = Gantry.Core.Namespaces.Namespace;

namespace Gantry.Client.Namespaces;

/// <summary>
/// The namespaces of a daemon. Calls carry the namespace that they are about, as all others do: containerd needs it for the
/// events that they cause.
/// </summary>
internal sealed class RemoteNamespaceStore(Connection connection) : INamespaceStore
{
    private readonly Api.Services.Namespaces.Namespaces.NamespacesClient _api = new(connection.Invoker);

    public async Task<NamespaceInfo> GetAsync(Namespace name, CancellationToken cancellationToken)
    {
        GetNamespaceResponse response = await connection.UnaryAsync(_api.GetAsync(
            new GetNamespaceRequest { Name = name.ToString() },
            Connection.Headers(name, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);
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
            ListNamespacesResponse response = await connection.UnaryAsync(_api.ListAsync(
                new ListNamespacesRequest { Filter = filter },
                cancellationToken: cancellationToken)).ConfigureAwait(false);
            found.AddRange(response.Namespaces.Select(n => n.ToRecord()));
        }

        return [.. found.DistinctBy(n => n.Name).OrderBy(n => n.Name.ToString(), StringComparer.Ordinal)];
    }

    public async Task<NamespaceInfo> CreateAsync(NamespaceInfo info, CancellationToken cancellationToken)
    {
        CreateNamespaceResponse response = await connection.UnaryAsync(_api.CreateAsync(
            new CreateNamespaceRequest { Namespace = info.ToMessage() },
            Connection.Headers(info.Name, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Namespace.ToRecord();
    }

    public async Task<NamespaceInfo> UpdateAsync(
        NamespaceInfo info,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateNamespaceResponse response = await connection.UnaryAsync(_api.UpdateAsync(
            new UpdateNamespaceRequest { Namespace = info.ToMessage(), UpdateMask = mask.ToMessage() },
            Connection.Headers(info.Name, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Namespace.ToRecord();
    }

    public async Task DeleteAsync(Namespace name, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteAsync(
            new DeleteNamespaceRequest { Name = name.ToString() },
            Connection.Headers(name, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);
}
