using System.Globalization;
using Gantry.Core.Collection;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>Tells who holds an object, or why it would go.</summary>
internal sealed class Explainer
{
    private const int MaxHolders = 100;

    private readonly Connection _connection;
    private readonly string _namespace;
    private readonly NodeKind _kind;
    private readonly string _key;
    private readonly Marker _marker;

    private Explainer(Connection connection, string ns, NodeKind kind, string key, Marker marker)
    {
        _connection = connection;
        _namespace = ns;
        _kind = kind;
        _key = key;
        _marker = marker;
    }

    /// <summary>Explains.</summary>
    /// <param name="connection">A connection in a transaction.</param>
    /// <param name="asked">The object.</param>
    /// <param name="now">The time, in its stored form.</param>
    /// <param name="hasWriter">Whether an ingest (namespace, ref) has a writer.</param>
    /// <param name="nextRun">When the next collection is to be, in words.</param>
    /// <exception cref="GantryException">NotFound: there is no such object.</exception>
    public static Explanation Run(
        Connection connection,
        ExplainedObject asked,
        long now,
        Func<string, string, bool> hasWriter,
        string nextRun)
    {
        if (ObjectTable.Find(connection, asked) is not { } found)
        {
            throw new GantryException(
                ErrorKind.NotFound,
                asked.Snapshotter.Length > 0
                    ? $"snapshot \"{asked.Name}\" of {asked.Snapshotter} in namespace \"{asked.Namespace}\""
                    : $"object \"{asked.Name}\" in namespace \"{asked.Namespace}\"");
        }

        Marker marker = Marker.Trace(connection, now, hasWriter);
        return new Explainer(connection, asked.Namespace, found.Kind, found.Key, marker).Explain(nextRun);
    }

    private Explanation Explain(string nextRun)
    {
        List<ExplainedLink> chain = ReadChain();
        List<ExplainedLink> holders = ReadHolders();
        string summary = chain.Count switch
        {
            0 => $"{WhyDead(holders)}; it goes {nextRun}",
            1 => $"kept by itself: {chain[0].Reason}",
            _ => $"kept by {chain[0].Kind} {chain[0].Key}",
        };
        return new Explanation(_kind.Name(), _key, chain.Count > 0, summary, chain, holders);
    }

    private string WhyDead(List<ExplainedLink> holders)
    {
        if (_kind is NodeKind.Image or NodeKind.Lease
            && GcLabels.Expiry(ObjectTable.ReadLabels(_connection, _namespace, _kind, _key)) is { } expiry)
        {
            return $"expired at {Show(expiry)}";
        }

        return holders.Count == 0 ? "nothing refers to it" : "nothing keeps what refers to it";
    }

    private List<ExplainedLink> ReadChain()
    {
        List<NodeId> ids = _marker.ChainTo(NodeId.Of(_namespace, _kind, _key));
        Dictionary<NodeId, (NodeKind Kind, string Key)> objects = ObjectTable.Resolve(_connection, _namespace, ids);
        ids.Reverse();
        List<ExplainedLink> chain = [];
        (NodeKind Kind, string Key) before = default;
        foreach (NodeId id in ids)
        {
            (NodeKind Kind, string Key) current = objects.GetValueOrDefault(id, (NodeKind.None, "an object that is gone"));
            string reason = chain.Count == 0 ? WhyRoot(current.Kind, current.Key) : WhyKept(before, current);
            chain.Add(new ExplainedLink(current.Kind.Name(), current.Key, reason, IsKept: true));
            before = current;
        }

        return chain;
    }

    private string WhyRoot(NodeKind kind, string key)
    {
        IReadOnlyDictionary<string, string> labels = kind == NodeKind.None
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : ObjectTable.ReadLabels(_connection, _namespace, kind, key);
        string until = GcLabels.Expiry(labels) is { } expiry ? $", until {Show(expiry)}" : "";
        switch (kind)
        {
            case NodeKind.Image:
                return "an image" + until;
            case NodeKind.Lease:
                return (GcLabels.IsFlat(labels) ? "a flat lease" : "a lease") + until;
            case NodeKind.Container:
                return "a container";
            case NodeKind.Sandbox:
                return "a sandbox";
            case NodeKind.Ingest:
                return "being written, or written to lately";
            default:
                string? label = labels.Keys.FirstOrDefault(
                    name => name.StartsWith(WellKnownLabels.GcRoot, StringComparison.Ordinal));
                return $"label {label ?? WellKnownLabels.GcRoot}";
        }
    }

    /// <summary>Why one object keeps another: by a reference of its own, or one of the other back to it.</summary>
    private string WhyKept((NodeKind Kind, string Key) holder, (NodeKind Kind, string Key) held)
    {
        foreach (Reference reference in ReferenceTable.List(_connection, _namespace, holder.Kind, holder.Key))
        {
            if (reference.Kind == held.Kind && reference.Key == held.Key)
            {
                return Describe(holder.Kind, holder.Key, reference);
            }
        }

        foreach (Reference reference in ReferenceTable.List(_connection, _namespace, held.Kind, held.Key))
        {
            bool leadsBack = reference.Role == ReferenceRole.Condition
                ? GcCondition.Parse(reference.Key).SnapshotKey == holder.Key
                : reference.Role == ReferenceRole.Back && reference.Kind == holder.Kind && reference.Key == holder.Key;
            if (leadsBack)
            {
                return "its own " + Describe(held.Kind, held.Key, reference);
            }
        }

        return "";
    }

    private List<ExplainedLink> ReadHolders()
    {
        List<(NodeKind Kind, string Key, ReferenceRole Role)> found;
        using (Statement select = _connection.Use(
            $"""
            SELECT kind, key, role FROM reference
            WHERE namespace = ? AND other_kind = ? AND other_key = ? AND role != 2 LIMIT {MaxHolders}
            """))
        {
            found = select.Bind(_namespace).Bind((long)_kind).Bind(_key).ReadAll(
                row => ((NodeKind)row.Number(0), row.Text(1), (ReferenceRole)row.Number(2)));
        }

        List<ExplainedLink> holders = found.ConvertAll(holder => Link(
            holder.Kind,
            holder.Key,
            Describe(holder.Kind, holder.Key, new Reference(holder.Role, _kind, _key))));
        foreach (Reference reference in ReferenceTable.List(_connection, _namespace, _kind, _key))
        {
            if (reference.Role is ReferenceRole.Back or ReferenceRole.Condition && holders.Count < MaxHolders)
            {
                string key = reference.Role == ReferenceRole.Back
                    ? reference.Key
                    : GcCondition.Parse(reference.Key).SnapshotKey;
                holders.Add(Link(reference.Kind, key, "its own " + Describe(_kind, _key, reference)));
            }
        }

        return holders;
    }

    private ExplainedLink Link(NodeKind kind, string key, string reason) =>
        new(kind.Name(), key, reason, _marker.IsAlive(NodeId.Of(_namespace, kind, key)) || IsKeptFlat(kind, key));

    /// <summary>Flat leases are no part of what is reached, though they keep.</summary>
    private bool IsKeptFlat(NodeKind kind, string key) => _marker.ChainTo(NodeId.Of(_namespace, kind, key)).Count > 0;

    private string Describe(NodeKind kind, string key, Reference reference) => reference.Role switch
    {
        ReferenceRole.Leased => "resource of the lease",
        ReferenceRole.Part => kind switch
        {
            NodeKind.Image => "target of the image",
            NodeKind.Snapshot => "parent of the snapshot",
            NodeKind.Container => "root filesystem of the container",
            _ => "shared by the ingest",
        },
        _ => "label " + (ObjectTable.ReadLabels(_connection, _namespace, kind, key)
            .Where(label => LabelReferences.Read(kind, label.Key, label.Value).Contains(reference))
            .Select(label => label.Key)
            .FirstOrDefault() ?? "of the object"),
    };

    private static string Show(long ticks) =>
        StoredTime.FromTicks(ticks).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
