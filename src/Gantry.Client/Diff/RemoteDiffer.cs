using Gantry.Api.Mapping;
using Gantry.Api.Services.Diff;
using Gantry.Client.Internal;
using Gantry.Core.Diff;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Grpc.Core;

namespace Gantry.Client.Diff;

/// <summary>The differ of a daemon.</summary>
internal sealed class RemoteDiffer(Connection connection, Metadata headers) : IDiffer
{
    private readonly Api.Services.Diff.Diff.DiffClient _api = new(connection.Invoker);

    public async Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        bool syncFilesystem,
        CancellationToken cancellationToken)
    {
        ApplyResponse response = await connection.UnaryAsync(_api.ApplyAsync(
            new ApplyRequest { Diff = layer.ToMessage(), Mounts = { mounts.ToMessages() }, SyncFs = syncFilesystem },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Applied.ToRecord();
    }
}
