using Gantry.Api.Maintenance;
using Gantry.Api.Mapping;
using Gantry.Client.Internal;
using Gantry.Core.Maintenance;
using Finding = Gantry.Core.Maintenance.Finding;
using FindingMessage = Gantry.Api.Maintenance.Finding;

namespace Gantry.Client.Maintenance;

/// <summary>The upkeep of a Gantry daemon.</summary>
internal sealed class RemoteMaintenance(Connection connection) : IMaintenance
{
    private const string Service = "/gantry.maintenance.v1.Maintenance/";

    public async Task CheckAsync(
        CheckOptions options,
        Func<Finding, Task> report,
        CancellationToken cancellationToken)
    {
        using RpcReader reader = connection.Read(
            Service + "Check",
            new CheckRequest { Repair = options.Repair, Quick = options.Quick },
            RpcHeaders.None,
            cancellationToken);
        FindingMessage message = new();
        while (await reader.ReadAsync(message, cancellationToken).ConfigureAwait(false))
        {
            await report(message.ToRecord()).ConfigureAwait(false);
            message = new FindingMessage();
        }
    }

    public async Task<SpaceReport> UsageAsync(CancellationToken cancellationToken)
    {
        UsageResponse response = new();
        await connection.CallAsync(Service + "Usage", new UsageRequest(), response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return response.ToRecord();
    }

    public async Task<long> BackupAsync(string path, CancellationToken cancellationToken)
    {
        BackupResponse response = new();
        await connection.CallAsync(
            Service + "Backup",
            new BackupRequest { Path = path },
            response,
            RpcHeaders.None,
            cancellationToken).ConfigureAwait(false);
        return response.Bytes;
    }
}
