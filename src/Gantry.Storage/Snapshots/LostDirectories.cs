using System.Diagnostics.CodeAnalysis;
using Gantry.Core.Snapshots;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Snapshots;

/// <summary>
/// Makes the directories anew that a loss of power took from active snapshots and views. Preparing a snapshot syncs its
/// record alone: the directories are as they were made, with what the filesystem had kept of them, or these new ones.
/// </summary>
internal static class LostDirectories
{
    /// <summary>Makes those of one snapshotter.</summary>
    /// <param name="database">The records.</param>
    /// <param name="driver">The snapshotter; one that is another program, or can't tell what it has, is left alone.</param>
    /// <param name="logger">Gets what was made, and what could not be: the doctor finds that too.</param>
    [SuppressMessage("Design", "CA1031", Justification = "one snapshot's trouble is logged and not the others'")]
    public static async Task MakeAsync(Database database, ISnapshotDriver driver, ILogger logger)
    {
        if (!driver.IsLocal || driver.ListIds() is not { } present)
        {
            return;
        }

        foreach (Lost lost in database.ReadSnapshot(connection => Find(connection, driver.Name, present)))
        {
            try
            {
                await driver.CreateAsync(
                    lost.Id,
                    lost.Kind,
                    lost.Parents,
                    Snapshotter.Inherited(lost.Labels),
                    CancellationToken.None);
                StorageLog.SnapshotMadeAnew(logger, driver.Name, lost.Id);
            }
            catch (Exception e)
            {
                StorageLog.SnapshotNotMadeAnew(logger, driver.Name, lost.Id, e);
            }
        }
    }

    private static List<Lost> Find(Connection connection, string snapshotter, IReadOnlySet<long> present)
    {
        // A view of a parent may be nothing but the parent's own directory.
        using Statement select = connection.Use(
            $"""
            SELECT id, kind, parent, labels FROM snapshot
            WHERE snapshotter = ? AND (kind = {(int)SnapshotKind.Active} OR kind = {(int)SnapshotKind.View} AND parent IS NULL)
            """);
        select.Bind(snapshotter);
        List<Lost> found = [];
        while (select.Read())
        {
            if (!present.Contains(select.Number(0)))
            {
                long? parent = select.IsNull(2) ? null : select.Number(2);
                found.Add(new Lost(
                    select.Number(0),
                    (SnapshotKind)select.Number(1),
                    SnapshotTable.Chain(connection, snapshotter, parent),
                    Labels.Decode(select.Bytes(3))));
            }
        }

        return found;
    }

    private sealed record Lost(
        long Id, SnapshotKind Kind, List<long> Parents, IReadOnlyDictionary<string, string> Labels);
}
