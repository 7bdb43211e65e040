using Gantry.Core.Maintenance;
using Gantry.Storage.Metadata;

namespace Gantry.Server.Maintenance;

/// <summary>The upkeep of a daemon that runs: what is stored, and what it has on the machine.</summary>
internal sealed class DaemonMaintenance(MetadataStore metadata, RuntimeCheck runtime) : IMaintenance
{
    /// <inheritdoc/>
    public async Task CheckAsync(
        CheckOptions options,
        Func<Finding, Task> report,
        CancellationToken cancellationToken)
    {
        await metadata.CheckAsync(options, report, cancellationToken);
        await runtime.RunAsync(options, report, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SpaceReport> UsageAsync(CancellationToken cancellationToken) => metadata.UsageAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<long> BackupAsync(string path, CancellationToken cancellationToken) =>
        metadata.BackupAsync(path, cancellationToken);
}
