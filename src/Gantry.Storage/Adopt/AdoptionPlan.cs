using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Storage.Bolt;
using Gantry.Storage.Content;

namespace Gantry.Storage.Adopt;

/// <summary>
/// What taking over a root would write: all that containerd has, held against what is on disk. It is read as it is asked
/// for, once: a plan is made to be counted, and another to be written.
/// </summary>
internal sealed class AdoptionPlan
{
    private const int MaxTold = 20;

    private readonly BoltFile _file;
    private readonly string _root;
    private readonly ContainerdMetadata _metadata;
    private readonly List<string> _warnings = [];
    private readonly SnapshotPlanner _snapshots;

    /// <summary>Makes the plan of a root. Nothing is written.</summary>
    /// <param name="file">containerd's database, of which nothing was read yet.</param>
    /// <param name="options">The root.</param>
    /// <exception cref="GantryException">The root can't be taken over; the message says why.</exception>
    public AdoptionPlan(BoltFile file, AdoptionOptions options)
    {
        _file = file;
        _root = options.Root;
        _metadata = ContainerdMetadata.Read(file);
        _snapshots = new SnapshotPlanner(options.SnapshotterRoots, _warnings);
    }

    /// <summary>The namespaces.</summary>
    public IEnumerable<PlannedNamespace> Namespaces => _metadata.Namespaces.Select(ns =>
        new PlannedNamespace(ns, PlanBlobs(ns), PlanIngests(ns), _snapshots.Plan(ns)));

    /// <summary>The greatest id of a snapshot in any snapshotter, once all snapshots were read.</summary>
    public long GreatestSnapshotId => _snapshots.GreatestId;

    /// <summary>Reads all, and says what an operator is told.</summary>
    /// <exception cref="GantryException">The root can't be taken over; the message says why.</exception>
    public AdoptionReport Tell()
    {
        List<AdoptedNamespace> counted = [.. Namespaces.Select(Count)];
        return new AdoptionReport(
            _file.Path,
            _metadata.Version,
            _file.TransactionId,
            counted,
            [.. _metadata.Namespaces.SelectMany(ns => Shorten(ns, ns.Skipped))],
            Shorten(_warnings));
    }

    private IEnumerable<ContentInfo> PlanBlobs(ContainerdNamespace ns)
    {
        string directory = Path.Combine(_root, ContentDirectory.Name, "blobs");
        foreach (ContentInfo blob in ns.Blobs)
        {
            FileInfo file = new(Path.Combine(directory, blob.Digest.Algorithm, blob.Digest.Hex));
            if (!file.Exists)
            {
                ns.Skip(1, $"blob {blob.Digest}", "its file is not there");
                continue;
            }

            if (file.Length != blob.Size)
            {
                _warnings.Add($"{ns.Name}: blob {blob.Digest}: its file has {file.Length} bytes, recorded are {blob.Size}");
            }

            yield return blob;
        }
    }

    private IEnumerable<(Ingest Ingest, DateTimeOffset? ExpiresAt)> PlanIngests(ContainerdNamespace ns)
    {
        int gone = 0;
        foreach (ContainerdIngest ingest in ns.Ingests)
        {
            IngestFiles files = new(Path.Combine(_root, ContentDirectory.Name), ingest.Backend);
            if (!files.AreWhole)
            {
                gone++;
                continue;
            }

            yield return (
                new Ingest(ns.Name, ingest.Reference, ingest.Backend, files.Total, default, files.StartedAt),
                ingest.ExpiresAt);
        }

        ns.Skip(gone, "ingests", "nothing was written for them yet");
    }

    private static AdoptedNamespace Count(PlannedNamespace ns)
    {
        (int blobs, long blobBytes) = Sum(ns.Blobs, blob => blob.Size);
        (int snapshots, long snapshotBytes) = Sum(ns.Snapshots, snapshot => snapshot.Row.Usage.Size);
        return new AdoptedNamespace(
            ns.Source.Name,
            ns.Source.Images.Count(),
            ns.Source.Containers.Count(),
            ns.Source.Sandboxes.Count(),
            blobs,
            blobBytes,
            snapshots,
            snapshotBytes,
            ns.Source.Leases.Count(),
            ns.Ingests.Count());
    }

    private static (int Count, long Bytes) Sum<T>(IEnumerable<T> objects, Func<T, long> size) => objects.Aggregate(
        (Count: 0, Bytes: 0L), (sum, one) => (sum.Count + 1, sum.Bytes + size(one)));

    private static List<AdoptionSkip> Shorten(ContainerdNamespace ns, List<AdoptionSkip> skipped) => skipped.Count <= MaxTold
        ? skipped
        : [.. skipped.Take(MaxTold), new AdoptionSkip(ns.Name, skipped.Count - MaxTold, "more", "for reasons like these")];

    private static List<string> Shorten(List<string> warnings) => warnings.Count <= MaxTold
        ? warnings
        : [.. warnings.Take(MaxTold), $"{warnings.Count - MaxTold} more of this kind"];
}
