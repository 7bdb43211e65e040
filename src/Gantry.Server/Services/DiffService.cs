using Gantry.Api.Mapping;
using Gantry.Api.Services.Diff;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.diff.v1.Diff.</summary>
/// <param name="metadata">Where the layers are.</param>
/// <param name="differ">Makes the differ of a namespace's content.</param>
internal sealed class DiffService(IMetadata metadata, Func<IContentStore, IDiffer> differ) : Diff.DiffBase
{
    /// <inheritdoc/>
    public override async Task<ApplyResponse> Apply(ApplyRequest request, ServerCallContext context)
    {
        IContentStore content = metadata.In(context).Content;
        Descriptor layer = request.Diff.ToRecord();
        UnpackOptions options = new()
        {
            SyncFilesystem = request.SyncFs,
            Payloads = request.Payloads.ToDictionary(
                payload => payload.Key, payload => payload.Value.ToRecord(), StringComparer.Ordinal),
        };
        Descriptor applied = await differ(content).ApplyAsync(
            layer,
            request.Mounts.ToRecords(),
            options,
            context.CancellationToken);
        return new ApplyResponse { Applied = applied.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<DiffResponse> Diff(DiffRequest request, ServerCallContext context)
    {
        IContentStore content = metadata.In(context).Content;
        DiffOptions options = new()
        {
            MediaType = request.MediaType,
            Reference = request.Ref,
            Labels = request.Labels.ToRecord(),
            SourceDateEpoch = request.SourceDateEpoch is null ? null : request.SourceDateEpoch.ToRecord(),
        };
        Descriptor diff = await differ(content).CompareAsync(
            request.Left.ToRecords(),
            request.Right.ToRecords(),
            options,
            context.CancellationToken);
        return new DiffResponse { Diff = diff.ToMessage() };
    }
}
