using Gantry.Api.Mapping;
using Gantry.Api.Services.Diff;
using Gantry.Client.Internal;
using Gantry.Core.Diff;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;

namespace Gantry.Client.Diff;

/// <summary>The differ of a daemon.</summary>
internal sealed class RemoteDiffer(Connection connection, RpcHeaders headers) : IDiffer
{
    public async Task<Descriptor> ApplyAsync(
        Descriptor layer,
        IReadOnlyList<Mount> mounts,
        bool syncFilesystem,
        CancellationToken cancellationToken)
    {
        ApplyResponse response = new();
        await connection.CallAsync(
            "/containerd.services.diff.v1.Diff/Apply",
            new ApplyRequest { Diff = layer.ToMessage(), Mounts = { mounts.ToMessages() }, SyncFs = syncFilesystem },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Applied.ToRecord();
    }
}
