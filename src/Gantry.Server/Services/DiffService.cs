using Gantry.Api.Mapping;
using Gantry.Api.Services.Diff;
using Gantry.Core.Diff;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.diff.v1.Diff.</summary>
/// <param name="metadata">Where the layers are.</param>
/// <param name="differ">Makes the differ of a scope.</param>
internal sealed class DiffService(IMetadata metadata, Func<INamespaceScope, IDiffer> differ) : Diff.DiffBase
{
    /// <inheritdoc/>
    public override async Task<ApplyResponse> Apply(ApplyRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        Descriptor layer = request.Diff.ToRecord();
        UnpackOptions options = new()
        {
            SyncFilesystem = request.SyncFs,
            Payloads = request.Payloads.ToRecord(),
        };
        Descriptor applied = await differ(scope).ApplyAsync(
            layer,
            request.Mounts.ToRecords(),
            options,
            context.CancellationToken);
        return new ApplyResponse { Applied = applied.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<DiffResponse> Diff(DiffRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        DiffOptions options = new()
        {
            MediaType = request.MediaType,
            Reference = request.Ref,
            Labels = request.Labels.ToRecord(),
            SourceDateEpoch = request.SourceDateEpoch is null ? null : request.SourceDateEpoch.ToRecord(),
        };
        Descriptor diff = await differ(scope).CompareAsync(
            request.Left.ToRecords(),
            request.Right.ToRecords(),
            options,
            context.CancellationToken);
        return new DiffResponse { Diff = diff.ToMessage() };
    }
}
