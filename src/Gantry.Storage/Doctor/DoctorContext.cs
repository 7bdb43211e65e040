using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Core.Snapshots;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Mounts;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>What the checks work with.</summary>
/// <param name="Root">The daemon's root directory.</param>
/// <param name="Database">The database.</param>
/// <param name="Blobs">The blobs.</param>
/// <param name="Drivers">The snapshotters, by name.</param>
/// <param name="Activator">What makes mounts for clients.</param>
/// <param name="Collector">The collector.</param>
/// <param name="Time">The clock.</param>
/// <param name="GreatestOldId">The greatest id of a snapshot when the store was opened.</param>
/// <param name="Options">How the check is done.</param>
/// <param name="Report">Gets the findings.</param>
internal sealed record DoctorContext(
    string Root,
    Database Database,
    BlobAccess Blobs,
    IReadOnlyDictionary<string, ISnapshotDriver> Drivers,
    MountActivator Activator,
    GarbageCollector Collector,
    TimeProvider Time,
    long GreatestOldId,
    CheckOptions Options,
    Func<Finding, Task> Report)
{
    private static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(1);

    /// <summary>Reports what was looked at, or something worth knowing.</summary>
    public Task NoteAsync(string area, string subject, string text) =>
        Report(new Finding(FindingSeverity.Info, area, subject, text));

    /// <summary>Reports a problem, after repairing it if that is wanted.</summary>
    /// <param name="finding">The problem.</param>
    /// <param name="repair">Repairs it; returns null when that is done, else why it can't be. Null: nothing can.</param>
    public async Task FoundAsync(Finding finding, Func<Task<string?>>? repair)
    {
        if (!Options.Repair)
        {
            await Report(finding);
            return;
        }

        string? failure = "there is no safe repair";
        try
        {
            failure = repair is null ? failure : await repair();
        }
        catch (Exception e) when (e is GantryException or IOException or UnauthorizedAccessException or AggregateException)
        {
            failure = e.Message;
        }

        await Report(failure is null
            ? finding with { Outcome = FindingOutcome.Repaired }
            : finding with { Outcome = FindingOutcome.NotRepaired, Detail = failure });
    }

    /// <summary>
    /// Waits before a second look at what may be an operation under way: files come before their record, and go after it.
    /// </summary>
    public Task WaitForSecondLookAsync(CancellationToken cancellationToken) =>
        Task.Delay(SecondLook, Time, cancellationToken);
}
