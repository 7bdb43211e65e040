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
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Doctor;

/// <summary>
/// Makes a new database from what is on disk, for when the old one is lost. Blobs say what they are, so they and the
/// images that manifests name come back; snapshots and containers had names only in the database, and do not.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>the old database and the directories of snapshots are renamed, never removed;</item>
/// <item>each blob whose bytes are those of its digest gets a record, any other file is set aside;</item>
/// <item>manifests and indexes among them get labels to what they refer to;</item>
/// <item>images are made from the names that annotations give;</item>
/// <item>all of it is under one lease, so that nothing is collected before its owner has looked.</item>
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

    private readonly DateTimeOffset _now = time.GetUtcNow();

    /// <summary>The end of names of what is kept.</summary>
    private string Suffix => $".before-{_now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture)}";

    /// <summary>Step 1: moves away what the new database must not meet.</summary>
    public async Task SetAsideAsync(string databasePath)
    {
        foreach (string path in new[] { databasePath, databasePath + "-wal", databasePath + "-shm" })
        {
            if (File.Exists(path))
            {
                File.Move(path, path + Suffix);
                await NoteAsync(path, $"kept as {path}{Suffix}");
            }
        }

        foreach (string snapshotter in Directory.EnumerateDirectories(root, SnapshotterPrefix + "*"))
        {
            string snapshots = Path.Combine(snapshotter, "snapshots");
            if (Directory.Exists(snapshots) && Directory.EnumerateFileSystemEntries(snapshots).Any())
            {
                int count = Directory.EnumerateDirectories(snapshots).Count();
                Directory.Move(snapshots, snapshots + Suffix);
                FileSync.FsyncDirectory(snapshotter);
                await report(new Finding(
                    FindingSeverity.Warning,
                    Area,
                    snapshots,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{count} directories of snapshots have lost their names; kept in {snapshots}{Suffix}")));
            }
        }
    }

    /// <summary>Steps 2 to 5.</summary>
    public async Task FillAsync(Database database, ContentDirectory blobs, CancellationToken cancellationToken)
    {
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

        // Step 2
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

            documents.Add(digest, BlobDocument.TryRead(blobs.BlobPath(digest)));
        }

        // Steps 3 to 5
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
