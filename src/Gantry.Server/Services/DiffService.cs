using Gantry.Api.Mapping;
using Gantry.Api.Services.Diff;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.diff.v1.Diff. Diff itself answers UNIMPLEMENTED.</summary>
/// <param name="metadata">Where the layers are.</param>
/// <param name="differ">Makes the differ of a namespace's content.</param>
internal sealed class DiffService(IMetadata metadata, Func<IContentStore, IDiffer> differ) : Diff.DiffBase
{
    /// <inheritdoc/>
    public override async Task<ApplyResponse> Apply(ApplyRequest request, ServerCallContext context)
    {
        IContentStore content = metadata.In(context).Content;
        Descriptor layer = request.Diff.ToRecord();
        Descriptor applied = await differ(content).ApplyAsync(
            layer,
            request.Mounts.ToRecords(),
            request.SyncFs,
            context.CancellationToken);
        return new ApplyResponse { Applied = applied.ToMessage() };
    }
}
