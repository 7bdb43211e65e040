using Gantry.Core.Maintenance;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Maintenance;

/// <summary>
/// Removes what tasks have left on the machine, once all shims that live are known, and again from time to time.
/// </summary>
/// <param name="check">Finds it.</param>
/// <param name="adoption">Completes when all shims that live are known.</param>
/// <param name="interval">The time between two looks; zero for the first alone.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it tells what it found.</param>
internal sealed class Reconciler(
    RuntimeCheck check, Task adoption, TimeSpan interval, TimeProvider time, ILogger<Reconciler> logger)
{
    /// <summary>Works until the token ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await adoption.WaitAsync(cancellationToken);
        while (true)
        {
            await check.RunAsync(new CheckOptions(Repair: true), TellAsync, cancellationToken);
            if (interval <= TimeSpan.Zero)
            {
                return;
            }

            await Task.Delay(interval, time, cancellationToken);
        }
    }

    private Task TellAsync(Finding finding)
    {
        if (finding.Severity is not FindingSeverity.Info)
        {
            ServerLog.Reconciled(logger, finding.Subject, finding.Problem, finding.Outcome is FindingOutcome.Repaired
                ? finding.Remedy
                : finding.Detail);
        }

        return Task.CompletedTask;
    }
}
