using Gantry.Core.Labels;
using Gantry.Core.Maintenance;
using Gantry.Core.Snapshots;
using Gantry.Storage.Metadata;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>Finds snapshots that were made for a bundle whose directory is gone: nobody will ask for them again.</summary>
internal sealed class BundleSnapshotCheck(DoctorContext context)
{
    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach ((SnapshotOf snapshot, string bundle) in context.Database.Read(Read))
        {
            if (!Directory.Exists(bundle))
            {
                await context.FoundAsync(
                    new Finding(
                        FindingSeverity.Warning,
                        "snapshots",
                        $"{snapshot.Namespace}: {snapshot.Snapshotter}/{snapshot.Name}",
                        $"of the bundle {bundle}, which is gone",
                        "it is removed"),
                    () => RemoveAsync(snapshot, cancellationToken));
            }
        }
    }

    private static List<(SnapshotOf Snapshot, string Bundle)> Read(Connection connection)
    {
        using Statement select = connection.Use(
            $"SELECT id, namespace, snapshotter, name, labels FROM snapshot WHERE labels LIKE '%{WellKnownLabels.Bundle}%'");
        List<(SnapshotOf, string)> found = [];
        while (select.Read())
        {
            if (Labels.Decode(select.Bytes(4)).TryGetValue(WellKnownLabels.Bundle, out string? bundle))
            {
                found.Add((new SnapshotOf(select.Number(0), select.Text(1), select.Text(2), select.Text(3)), bundle));
            }
        }

        return found;
    }

    private async Task<string?> RemoveAsync(SnapshotOf snapshot, CancellationToken cancellationToken)
    {
        bool hasChildren = await context.Database.WriteAsync(
            writer =>
            {
                using (Statement children = writer.Use("SELECT 1 FROM snapshot WHERE snapshotter = ? AND parent = ?"))
                {
                    if (children.Bind(snapshot.Snapshotter).Bind(snapshot.Id).Read())
                    {
                        return true;
                    }
                }

                SnapshotTable.Delete(writer, snapshot.Namespace, snapshot.Snapshotter, snapshot.Name, snapshot.Id);
                return false;
            },
            cancellationToken);
        if (hasChildren)
        {
            return "other snapshots lie on it";
        }

        if (context.Drivers.TryGetValue(snapshot.Snapshotter, out ISnapshotDriver? driver))
        {
            await driver.RemoveAsync(snapshot.Id, cancellationToken);
        }

        return null;
    }

    private sealed record SnapshotOf(long Id, string Namespace, string Snapshotter, string Name);
}
