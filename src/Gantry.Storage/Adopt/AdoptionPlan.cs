using Gantry.Core.Errors;
using Gantry.Storage.Bolt;
using Gantry.Storage.Content;

namespace Gantry.Storage.Adopt;

/// <summary>What taking over a root would write: all that containerd has, held against what is on disk.</summary>
internal sealed class AdoptionPlan
{
    private const int MaxWarnings = 20;

    private AdoptionPlan(IReadOnlyList<PlannedNamespace> namespaces, AdoptionReport report, long greatestSnapshotId)
    {
        Namespaces = namespaces;
        Report = report;
        GreatestSnapshotId = greatestSnapshotId;
    }

    /// <summary>The namespaces.</summary>
    public IReadOnlyList<PlannedNamespace> Namespaces { get; }

    /// <summary>What an operator is told.</summary>
    public AdoptionReport Report { get; }

    /// <summary>The greatest id of a snapshot in any snapshotter.</summary>
    public long GreatestSnapshotId { get; }

    /// <summary>Makes the plan of a root. Nothing is written.</summary>
    /// <param name="file">containerd's database.</param>
    /// <param name="options">The root.</param>
    /// <exception cref="GantryException">The root can't be taken over; the message says why.</exception>
    public static AdoptionPlan Make(BoltFile file, AdoptionOptions options)
    {
        ContainerdMetadata metadata = ContainerdMetadata.Read(file);
        List<string> warnings = [];
        SnapshotPlanner snapshots = new(options.SnapshotterRoots, warnings);
        List<PlannedNamespace> planned = [];
        foreach (ContainerdNamespace ns in metadata.Namespaces)
        {
            planned.Add(new PlannedNamespace(ns, PlanBlobs(ns, options.Root, warnings), snapshots.Plan(ns)));
        }

        AdoptionReport report = new(
            file.Path,
            metadata.Version,
            file.TransactionId,
            [.. planned.Select(Count)],
            [.. metadata.Namespaces.SelectMany(ns => ns.Skipped)],
            Shorten(warnings));
        return new AdoptionPlan(planned, report, snapshots.GreatestId);
    }

    private static List<Core.Content.ContentInfo> PlanBlobs(ContainerdNamespace ns, string root, List<string> warnings)
    {
        string directory = Path.Combine(root, ContentDirectory.Name, "blobs");
        List<Core.Content.ContentInfo> there = [];
        foreach (Core.Content.ContentInfo blob in ns.Blobs)
        {
            FileInfo file = new(Path.Combine(directory, blob.Digest.Algorithm, blob.Digest.Hex));
            if (!file.Exists)
            {
                ns.Skipped.Add(new AdoptionSkip(ns.Name, 1, $"blob {blob.Digest}", "its file is not there"));
                continue;
            }

            if (file.Length != blob.Size)
            {
                warnings.Add($"{ns.Name}: blob {blob.Digest}: its file has {file.Length} bytes, recorded are {blob.Size}");
            }

            there.Add(blob);
        }

        return there;
    }

    private static AdoptedNamespace Count(PlannedNamespace ns) => new(
        ns.Source.Name,
        ns.Source.Images.Count,
        ns.Source.Containers.Count,
        ns.Blobs.Count,
        ns.Blobs.Sum(blob => blob.Size),
        ns.Snapshots.Count,
        ns.Snapshots.Sum(snapshot => snapshot.Row.Usage.Size),
        ns.Source.Leases.Count);

    private static List<string> Shorten(List<string> warnings) => warnings.Count <= MaxWarnings
        ? warnings
        : [.. warnings.Take(MaxWarnings), $"{warnings.Count - MaxWarnings} more of this kind"];
}
