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
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        // It is read where the daemon runs.
        await (options.Arriving?.Whole ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(false);
        ApplyRequest request = new()
        {
            Diff = layer.ToMessage(),
            Mounts = { mounts.ToMessages() },
            SyncFs = options.SyncFilesystem,
        };
        request.Payloads.Fill(options.Payloads);
        ApplyResponse response = new();
        await connection.CallAsync(
            "/containerd.services.diff.v1.Diff/Apply",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Applied.ToRecord();
    }

    public async Task<Descriptor> CompareAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        DiffOptions options,
        CancellationToken cancellationToken)
    {
        DiffRequest request = new()
        {
            Left = { lower.ToMessages() },
            Right = { upper.ToMessages() },
            MediaType = options.MediaType,
            Ref = options.Reference,
            SourceDateEpoch = options.SourceDateEpoch?.ToMessage(),
        };
        request.Labels.Fill(options.Labels);
        DiffResponse response = new();
        await connection.CallAsync(
            "/containerd.services.diff.v1.Diff/Diff",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Diff.ToRecord();
    }
}
