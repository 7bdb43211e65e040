using System.Globalization;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Maintenance;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Images;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Doctor;

/// <summary>
/// Makes a new database from what is on disk, for when the old one is damaged or lost. What can be read of the old one is
/// taken over. Blobs say what they are, so those that are lost there, and the images that manifests name, come back;
/// snapshots and containers had names only in the database, and do not.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>the old database is renamed, never removed; so are the directories of snapshots whose records are lost;</item>
/// <item>rows that can be read of it are copied;</item>
/// <item>each blob without a record, whose bytes are those of its digest, gets one; any file that lies is set aside;</item>
/// <item>manifests and indexes among them get labels to what they refer to;</item>
/// <item>images are made from the names that annotations give;</item>
/// <item>all that is new is under one lease, so that nothing is collected before its owner has looked.</item>
/// </list>
/// </remarks>
internal sealed class StoreRebuild(
    string root,
    string ns,
    TimeProvider time,
    Func<Finding, Task> report)
{
    private const string Area = "rebuild";
    private const string SnapshotterPrefix = "io.containerd.snapshotter.v1.";

    // Where snapshotters have a directory, a subvolume or a link for each id.
    private static readonly string[] SnapshotPlaces = ["snapshots", "active", "view"];

    private readonly DateTimeOffset _now = time.GetUtcNow();

    /// <summary>The end of names of what is kept.</summary>
    private string Suffix => $".before-{_now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture)}";

    /// <summary>Step 1: moves the old database away.</summary>
    /// <returns>Where it is now; there may be none.</returns>
    public async Task<string> SetAsideAsync(string databasePath)
    {
        string aside = databasePath + Suffix;
        foreach (string part in new[] { "", "-wal", "-shm" })
        {
            if (File.Exists(databasePath + part))
            {
                File.Move(databasePath + part, aside + part);
                await NoteAsync(databasePath + part, $"kept as {aside}{part}");
            }
        }

        return aside;
    }

    /// <summary>The other steps.</summary>
    public async Task FillAsync(
        Database database,
        string damaged,
        ContentDirectory blobs,
        CancellationToken cancellationToken)
    {
        // Step 2
        await new DatabaseSalvage(database, report).RunAsync(damaged, cancellationToken);
        await SetSnapshotsAsideAsync(database);
        BlobVerifier verifier = new(blobs, root);
        Dictionary<Digest, BlobDocument?> documents = [];
        string lease = "rebuild" + Suffix;
        await database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, ns);
                LeaseTable.Insert(writer, ns, new Lease(lease, _now, new Dictionary<string, string>()));
            },
            cancellationToken);

        // Step 3
        foreach (Digest digest in blobs.ListBlobs())
        {
            if (await verifier.ProblemAsync(digest, expectedSize: null, cancellationToken) is { } problem)
            {
                string kept = await verifier.SetAsideAsync(digest, cancellationToken);
                await report(new Finding(
                    FindingSeverity.Error,
                    Area,
                    digest.ToString(),
                    $"{problem}; the file is kept as {kept}"));
                continue;
            }

            if (!database.Read(connection => ContentTable.ExistsAnywhere(connection, digest.ToString())))
            {
                documents.Add(digest, BlobDocument.TryRead(blobs.BlobPath(digest)));
            }
        }

        // Steps 4 to 6
        Dictionary<string, Descriptor> names = [];
        foreach ((Digest digest, BlobDocument? document) in documents)
        {
            long size = blobs.BlobSize(digest) ?? 0;
            ContentInfo info = new(digest, size, _now, _now, document?.Labels ?? new Dictionary<string, string>());
            await database.WriteAsync(
                writer =>
                {
                    ContentTable.Insert(writer, ns, info);
                    ReferenceTable.Add(
                        writer,
                        ns,
                        NodeKind.Lease,
                        lease,
                        new Reference(ReferenceRole.Leased, NodeKind.Content, digest.ToString()));
                },
                cancellationToken);
            foreach ((string name, Descriptor target) in document?.Names(digest, size) ?? [])
            {
                if (documents.ContainsKey(target.Digest))
                {
                    names.TryAdd(name, target);
                }
            }
        }

        foreach ((string name, Descriptor target) in names)
        {
            ImageRecord image = new(name, target, new Dictionary<string, string>(), _now, _now);
            await database.WriteAsync(writer => ImageTable.Insert(writer, ns, image), cancellationToken);
            await NoteAsync($"{ns}: {name}", $"image of {target.Digest}");
        }

        await ReportNamelessAsync(documents, [.. names.Values.Select(target => target.Digest)]);
        await NoteAsync(
            $"{ns}: {lease}",
            string.Create(
                CultureInfo.InvariantCulture,
                $"lease of {documents.Count} blobs; they stay until it is removed"));
    }

    /// <summary>Moves away the directories of snapshots that have no record, which a daemon would remove.</summary>
    private async Task SetSnapshotsAsideAsync(Database database)
    {
        foreach (string snapshotter in Directory.EnumerateDirectories(root, SnapshotterPrefix + "*"))
        {
            HashSet<long> known = database.Read(connection =>
                SnapshotTable.ListIds(connection, Path.GetFileName(snapshotter)[SnapshotterPrefix.Length..]));
            foreach (string place in SnapshotPlaces.Select(name => Path.Combine(snapshotter, name)))
            {
                await SetAsideAsync(place, known);
            }
        }
    }

    private async Task SetAsideAsync(string place, HashSet<long> known)
    {
        List<FileSystemInfo> lost = !Directory.Exists(place)
            ? []
            :
            [
                .. new DirectoryInfo(place).EnumerateFileSystemInfos().Where(entry =>
                    long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long id)
                    && !known.Contains(id)),
            ];
        if (lost.Count == 0)
        {
            return;
        }

        string aside = place + Suffix;
        Directory.CreateDirectory(aside);
        foreach (FileSystemInfo entry in lost)
        {
            Link.Rename(entry.FullName, Path.Combine(aside, entry.Name));
        }

        FileSync.FsyncDirectory(aside);
        FileSync.FsyncDirectory(place);
        await report(new Finding(
            FindingSeverity.Warning,
            Area,
            place,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{lost.Count} directories of snapshots have lost their names; kept in {aside}")));
    }

    /// <summary>Tells of manifests that nothing refers to and that have no name: images that need a new one.</summary>
    private async Task ReportNamelessAsync(Dictionary<Digest, BlobDocument?> documents, HashSet<Digest> named)
    {
        HashSet<Digest> referred = [.. documents.Values.SelectMany(d => d?.Children ?? []).Select(c => c.Digest)];
        foreach ((Digest digest, BlobDocument? document) in documents)
        {
            if (document is not null && !referred.Contains(digest) && !named.Contains(digest))
            {
                await report(new Finding(
                    FindingSeverity.Warning,
                    Area,
                    digest.ToString(),
                    $"an image without a name ({document.MediaType}): pull it by its name, and nothing is fetched anew"));
            }
        }
    }

    private Task NoteAsync(string subject, string text) =>
        report(new Finding(FindingSeverity.Info, Area, subject, text));
}
