using Gantry.Core.Errors;
using Gantry.Core.Maintenance;

namespace Gantry.Storage.Doctor;

/// <summary>All checks of what the store keeps, in an order in which each relies on those before it.</summary>
internal static class StoreDoctor
{
    /// <summary>Runs the checks.</summary>
    public static async Task RunAsync(DoctorContext context, CancellationToken cancellationToken)
    {
        if (!await new DatabaseCheck(context).RunAsync(cancellationToken))
        {
            await context.NoteAsync("database", "", "the rest was not checked, for it needs a sound database");
            return;
        }

        try
        {
            await new ReferenceCheck(context).RunAsync(cancellationToken);
            await new BlobCheck(context).RunAsync(cancellationToken);
            await new IngestCheck(context).RunAsync(cancellationToken);
            await new SnapshotCheck(context).RunAsync(cancellationToken);
            await new BundleSnapshotCheck(context).RunAsync(cancellationToken);
            await new ActivationCheck(context).RunAsync(cancellationToken);
            await new ImageCheck(context).RunAsync(cancellationToken);
            await new AdoptionCheck(context).RunAsync();
        }
        catch (GantryException e) when (e.Kind is ErrorKind.DataLoss)
        {
            // Damage that SQLite can't see: what is in a record is not what was written.
            await context.FoundAsync(Damaged(context.Database.Path, e.Message), repair: null);
        }
    }

    /// <summary>The finding that a database is damaged.</summary>
    public static Finding Damaged(string path, string problem) => new(
        FindingSeverity.Error,
        "database",
        path,
        problem,
        "none that is safe: stop the daemon, then restore a backup, or run «gantryd rebuild ROOT»");
}
