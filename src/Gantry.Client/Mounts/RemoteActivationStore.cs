using Gantry.Api.Mapping;
using Gantry.Api.Services.Mounts;
using Gantry.Api.Types;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Mounts;
using Empty = Google.Protobuf.WellKnownTypes.Empty;
using Mount = Gantry.Core.Mounts.Mount;

namespace Gantry.Client.Mounts;

/// <summary>The active mounts of a daemon, as a namespace sees them.</summary>
internal sealed class RemoteActivationStore(Connection connection, RpcHeaders headers) : IActivationStore
{
    public async Task<Activation> ActivateAsync(
        string name,
        IReadOnlyList<Mount> mounts,
        IReadOnlyDictionary<string, string> labels,
        bool temporary,
        CancellationToken cancellationToken)
    {
        ActivateRequest request = new() { Name = name, Mounts = { mounts.ToMessages() }, Temporary = temporary };
        request.Labels.Fill(labels);
        ActivateResponse response = new();
        await connection.CallAsync(
            "/containerd.services.mounts.v1.Mounts/Activate",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task DeactivateAsync(string name, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.mounts.v1.Mounts/Deactivate",
            new DeactivateRequest { Name = name },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task<Activation> InfoAsync(string name, CancellationToken cancellationToken)
    {
        InfoResponse response = new();
        await connection.CallAsync(
            "/containerd.services.mounts.v1.Mounts/Info",
            new InfoRequest { Name = name },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<Activation> UpdateAsync(
        string name,
        IReadOnlyDictionary<string, string> labels,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        ActivationInfo info = new() { Name = name };
        info.Labels.Fill(labels);
        UpdateResponse response = new();
        await connection.CallAsync(
            "/containerd.services.mounts.v1.Mounts/Update",
            new UpdateRequest { Info = info, UpdateMask = mask.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<IReadOnlyList<Activation>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        using RpcReader reader = connection.Read(
            "/containerd.services.mounts.v1.Mounts/List",
            new ListRequest { Filters = { filters } },
            headers,
            cancellationToken);
        List<Activation> found = [];
        ListMessage message = new();
        while (await reader.ReadAsync(message, cancellationToken).ConfigureAwait(false))
        {
            found.Add(message.Info.ToRecord());
            message = new ListMessage();
        }

        return found;
    }
}
