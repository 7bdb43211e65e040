using Gantry.Api.Mapping;
using Gantry.Api.Services.Sandbox;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Sandboxes;
using Google.Protobuf;

namespace Gantry.Client.Sandboxes;

/// <summary>The records of sandboxes of a namespace of a daemon.</summary>
internal sealed class RemoteSandboxStore(Connection connection, RpcHeaders headers) : ISandboxStore
{
    public async Task<SandboxRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        StoreGetResponse response = new();
        await CallAsync("Get", new StoreGetRequest { SandboxId = id }, response, cancellationToken).ConfigureAwait(false);
        return response.Sandbox.ToRecord();
    }

    public async Task<IReadOnlyList<SandboxRecord>> ListAsync(
        IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        StoreListResponse response = new();
        StoreListRequest request = new() { Filters = { filters } };
        await CallAsync("List", request, response, cancellationToken).ConfigureAwait(false);
        return [.. response.List.Select(sandbox => sandbox.ToRecord())];
    }

    public async Task<SandboxRecord> CreateAsync(SandboxRecord sandbox, CancellationToken cancellationToken)
    {
        StoreCreateResponse response = new();
        StoreCreateRequest request = new() { Sandbox = sandbox.ToMessage() };
        await CallAsync("Create", request, response, cancellationToken).ConfigureAwait(false);
        return response.Sandbox.ToRecord();
    }

    public async Task<SandboxRecord> UpdateAsync(
        SandboxRecord sandbox, FieldMask mask, CancellationToken cancellationToken)
    {
        StoreUpdateResponse response = new();
        StoreUpdateRequest request = new() { Sandbox = sandbox.ToMessage(), Fields = { mask.Paths } };
        await CallAsync("Update", request, response, cancellationToken).ConfigureAwait(false);
        return response.Sandbox.ToRecord();
    }

    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        CallAsync("Delete", new StoreDeleteRequest { SandboxId = id }, new StoreDeleteResponse(), cancellationToken);

    private async Task CallAsync(
        string method, IMessage request, IMessage response, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            $"/containerd.services.sandbox.v1.Store/{method}", request, response, headers, cancellationToken)
            .ConfigureAwait(false);
}
