using Gantry.Api.Services.Version;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Version = Gantry.Api.Services.Version.Version;

namespace Gantry.Server.Services;

/// <summary>containerd.services.version.v1.Version.</summary>
internal sealed class VersionService : Version.VersionBase
{
    /// <inheritdoc/>
    public override Task<VersionResponse> Version(Empty request, ServerCallContext context) =>
        Task.FromResult(new VersionResponse { Version = BuildInfo.Version, Revision = BuildInfo.Revision });
}
