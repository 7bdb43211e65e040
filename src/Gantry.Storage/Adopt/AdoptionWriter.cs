using Gantry.Core.Content;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Sandboxes;
using Gantry.Linux.Syscalls;
using Gantry.Storage.Containers;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Images;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sandboxes;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Adopt;

/// <summary>
/// Writes a plan as a new metadata database. It is made under another name and gets its own when it is whole and on disk,
/// so that whatever ends this in the middle leaves a root that can be taken over from the beginning.
/// </summary>
internal sealed class AdoptionWriter : IDisposable
{
    private const int BatchSize = 10_000;
    private const string Suffix = ".adopting";

    private static readonly string[] Remains = ["", "-wal", "-shm", "-journal"];

    private readonly Connection _connection;
    private readonly Counters _counters;
    private readonly Writer _writer;
    private int _pending;

    private AdoptionWriter(Connection connection)
    {
        _connection = connection;
        _counters = new Counters(0, 0);
        _writer = new Writer(connection, _counters);
    }

    /// <summary>Writes a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="report">What is remembered of it.</param>
    /// <param name="databasePath">The database, which does not exist yet.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="GantryException">It could not be written; nothing has come of it.</exception>
    public static void Write(AdoptionPlan plan, AdoptionReport report, string databasePath, DateTimeOffset now)
    {
        string temporary = databasePath + Suffix;
        RemoveRemains(temporary);
        try
        {
            using (AdoptionWriter writer = new(Connection.OpenWriter(temporary)))
            {
                writer.WriteAll(plan, report, now);
            }

            Publish(temporary, databasePath);
        }
        catch (SqliteException e)
        {
            RemoveRemains(temporary);
            throw new GantryException(ErrorKind.Unknown, $"{temporary}: {e.Message}", e);
        }
        catch
        {
            RemoveRemains(temporary);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static void RemoveRemains(string temporary)
    {
        foreach (string remains in Remains)
        {
            File.Delete(temporary + remains);
        }
    }

    private static void Publish(string temporary, string databasePath)
    {
        using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite))
        {
            FileSync.Fsync(file);
        }

        File.Move(temporary, databasePath);
        FileSync.FsyncDirectory(Path.GetDirectoryName(databasePath)!);
    }

    private void WriteAll(AdoptionPlan plan, AdoptionReport report, DateTimeOffset now)
    {
        Migrations.Run(_connection);
        _connection.Execute("BEGIN IMMEDIATE");
        foreach (PlannedNamespace ns in plan.Namespaces)
        {
            WriteNamespace(ns);
        }

        AdoptionTable.Insert(_writer, report, now);
        using (Statement save = _writer.Use("UPDATE counter SET sequence = ?, snapshot_id = ?"))
        {
            save.Bind(_counters.Sequence).Bind(plan.GreatestSnapshotId).Run();
        }

        _connection.Execute("COMMIT");

        // One file, with nothing beside it.
        _connection.Execute("PRAGMA journal_mode=DELETE");
    }

    private void WriteNamespace(PlannedNamespace planned)
    {
        ContainerdNamespace ns = planned.Source;
        using (Statement insert = _writer.Use("INSERT INTO namespace (name, labels) VALUES (?, ?)"))
        {
            insert.Bind(ns.Name).Bind(Labels.Encode(ns.Labels)).Run();
        }

        foreach (ContentInfo blob in planned.Blobs)
        {
            ContentTable.Insert(_writer, ns.Name, blob);
            Next();
        }

        foreach ((Ingest ingest, DateTimeOffset? expiresAt) in planned.Ingests)
        {
            IngestTable.Put(_writer, ingest, expiresAt);
            Next();
        }

        foreach (ImageRecord image in ns.Images)
        {
            ImageTable.Insert(_writer, ns.Name, image);
            Next();
        }

        foreach ((string snapshotter, SnapshotRow row) in planned.Snapshots)
        {
            SnapshotTable.Insert(_writer, ns.Name, snapshotter, row);
            Next();
        }

        foreach (ContainerRecord container in ns.Containers)
        {
            ContainerTable.Insert(_writer, ns.Name, container);
            Next();
        }

        foreach (SandboxRecord sandbox in ns.Sandboxes)
        {
            SandboxTable.Insert(_writer, ns.Name, sandbox);
            Next();
        }

        foreach ((Lease lease, List<Reference> resources) in ns.Leases)
        {
            LeaseTable.Insert(_writer, ns.Name, lease);
            ReferenceTable.Add(_writer, ns.Name, NodeKind.Lease, lease.Id, resources);
            Next();
        }
    }

    /// <summary>Keeps transactions from growing without bound: the name of the file makes all of them one.</summary>
    private void Next()
    {
        if (++_pending == BatchSize)
        {
            _connection.Execute("COMMIT; BEGIN IMMEDIATE");
            _pending = 0;
        }
    }
}
