using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Storage.Bolt;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Adopt;

/// <summary>
/// Puts together what containerd's metadata and a snapshotter's own database have of snapshots. Where the two contradict
/// each other in a way that no crash of containerd explains, the root is not taken over.
/// </summary>
internal sealed class SnapshotPlanner(IReadOnlyDictionary<string, string> roots, List<string> warnings)
{
    private const string DatabaseName = "metadata.db";

    private readonly Dictionary<string, BackendSnapshots> _backends = new(StringComparer.Ordinal);

    /// <summary>The greatest id in any database that was read.</summary>
    public long GreatestId => _backends.Values.Select(backend => backend.GreatestId).DefaultIfEmpty().Max();

    /// <summary>The snapshots of a namespace, parents before their children.</summary>
    public IReadOnlyList<(string Snapshotter, SnapshotRow Row)> Plan(ContainerdNamespace ns)
    {
        List<(string, SnapshotRow)> planned = [];
        foreach (IGrouping<string, ContainerdSnapshot> group in
            ns.Snapshots.GroupBy(snapshot => snapshot.Snapshotter, StringComparer.Ordinal))
        {
            if (roots.TryGetValue(group.Key, out string? root))
            {
                planned.AddRange(Plan(ns, group.Key, root, [.. group]).Select(row => (group.Key, row)));
            }
            else
            {
                ns.Skipped.Add(new AdoptionSkip(
                    ns.Name,
                    group.Count(),
                    $"snapshots of {group.Key}",
                    "Gantry does not read that snapshotter's records; its directories stay"));
            }
        }

        return planned;
    }

    private IEnumerable<SnapshotRow> Plan(
        ContainerdNamespace ns,
        string snapshotter,
        string root,
        IReadOnlyList<ContainerdSnapshot> snapshots)
    {
        BackendSnapshots backend = Open(snapshotter, root);
        Dictionary<string, ContainerdSnapshot> byKey = snapshots.ToDictionary(s => s.Key, StringComparer.Ordinal);
        HashSet<string> parents = snapshots.Select(s => s.Parent).ToHashSet(StringComparer.Ordinal);
        List<(int Depth, SnapshotRow Row)> rows = [];
        int interrupted = 0;
        foreach (ContainerdSnapshot snapshot in snapshots)
        {
            string subject = $"{ns.Name}: snapshot {snapshotter}/{snapshot.Key}";
            if (backend.Find(snapshot.BackendName) is not { } found)
            {
                if (parents.Contains(snapshot.Key))
                {
                    throw Contradiction(subject, $"{DatabaseName} of the snapshotter does not have it, and it has children");
                }

                interrupted++;
                continue;
            }

            rows.Add((Depth(byKey, snapshot, subject), MakeRow(backend, byKey, snapshot, found, subject)));
            if (!HasDirectory(snapshotter, root, found))
            {
                warnings.Add($"{subject}: its directory {found.Id} is not there");
            }
        }

        if (interrupted > 0)
        {
            ns.Skipped.Add(new AdoptionSkip(
                ns.Name,
                interrupted,
                $"snapshots of {snapshotter}",
                "containerd was stopped while it committed or removed them"));
        }

        return rows.OrderBy(entry => entry.Depth).Select(entry => entry.Row);
    }

    private BackendSnapshots Open(string snapshotter, string root)
    {
        if (!_backends.TryGetValue(snapshotter, out BackendSnapshots? backend))
        {
            using BoltFile file = BoltFile.Open(Path.Combine(root, DatabaseName));
            backend = BackendSnapshots.Read(file);
            _backends.Add(snapshotter, backend);
        }

        return backend;
    }

    private static SnapshotRow MakeRow(
        BackendSnapshots backend,
        Dictionary<string, ContainerdSnapshot> byKey,
        ContainerdSnapshot snapshot,
        BackendSnapshot found,
        string subject)
    {
        ContainerdSnapshot? parent = snapshot.Parent.Length == 0 ? null : byKey[snapshot.Parent];
        if (!string.Equals(found.Parent, parent?.BackendName ?? "", StringComparison.Ordinal))
        {
            throw Contradiction(subject, $"its parent is \"{parent?.BackendName}\", the snapshotter's is \"{found.Parent}\"");
        }

        BackendSnapshot? below = parent is null ? null : backend.Find(parent.BackendName);
        if (below is { Kind: not SnapshotKind.Committed })
        {
            throw Contradiction(subject, "its parent is not committed");
        }

        Dictionary<string, string> labels = new(found.Labels, StringComparer.Ordinal);
        foreach ((string key, string value) in snapshot.Labels)
        {
            labels[key] = value;
        }

        return new SnapshotRow(
            found.Id,
            below?.Id,
            found.Kind == SnapshotKind.Committed ? found.Usage : default,
            new SnapshotInfo(
                found.Kind,
                snapshot.Key,
                snapshot.Parent,
                snapshot.CreatedAt,
                snapshot.UpdatedAt,
                labels));
    }

    /// <summary>How many snapshots are below one; each of them is there, and none is below itself.</summary>
    private static int Depth(
        Dictionary<string, ContainerdSnapshot> byKey,
        ContainerdSnapshot snapshot,
        string subject)
    {
        int depth = 0;
        for (string below = snapshot.Parent; below.Length > 0; depth++)
        {
            if (depth == SnapshotTable.MaxDepth)
            {
                throw Contradiction(subject, $"more than {SnapshotTable.MaxDepth} snapshots are below it");
            }

            below = byKey.TryGetValue(below, out ContainerdSnapshot? parent)
                ? parent.Parent
                : throw Contradiction(subject, $"snapshot {below}, which is below it, is not there");
        }

        return depth;
    }

    /// <summary>Whether the directory of a snapshot is where its snapshotter keeps it.</summary>
    private static bool HasDirectory(string snapshotter, string root, BackendSnapshot snapshot)
    {
        string parent = (snapshotter, snapshot.Kind) switch
        {
            ("btrfs", SnapshotKind.Active) => "active",
            ("btrfs", SnapshotKind.View) => "view",
            _ => "snapshots",
        };

        // A native view of a parent is the parent's own directory.
        return (snapshotter == "native" && snapshot is { Kind: SnapshotKind.View, Parent.Length: > 0 })
            || Directory.Exists(Path.Combine(root, parent, snapshot.Id.ToString(CultureInfo.InvariantCulture)));
    }

    private static GantryException Contradiction(string subject, string detail) =>
        new(ErrorKind.DataLoss, $"{subject}: {detail}");
}
