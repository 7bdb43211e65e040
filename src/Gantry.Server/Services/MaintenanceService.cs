using Gantry.Api.Maintenance;
using Gantry.Api.Mapping;
using Gantry.Core.Maintenance;
using Grpc.Core;
using FindingMessage = Gantry.Api.Maintenance.Finding;

namespace Gantry.Server.Services;

/// <summary>gantry.maintenance.v1.Maintenance.</summary>
internal sealed class MaintenanceService(IMaintenance maintenance) : Api.Maintenance.Maintenance.MaintenanceBase
{
    /// <inheritdoc/>
    public override Task Check(
        CheckRequest request,
        IServerStreamWriter<FindingMessage> responseStream,
        ServerCallContext context) =>
        maintenance.CheckAsync(
            new CheckOptions(request.Repair, request.Quick),
            finding => responseStream.WriteAsync(finding.ToMessage(), context.CancellationToken),
            context.CancellationToken);

    /// <inheritdoc/>
    public override async Task<UsageResponse> Usage(UsageRequest request, ServerCallContext context) =>
        (await maintenance.UsageAsync(context.CancellationToken)).ToMessage();

    /// <inheritdoc/>
    public override async Task<BackupResponse> Backup(BackupRequest request, ServerCallContext context) => new()
    {
        Bytes = await maintenance.BackupAsync(request.Path, context.CancellationToken),
    };
}
