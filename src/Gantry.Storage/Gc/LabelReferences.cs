using Gantry.Core.Labels;

namespace Gantry.Storage.Gc;

/// <summary>Reads references from labels (WIRE: Content, metadata, GC).</summary>
internal static class LabelReferences
{
    private const string Prefix = "containerd.io/gc.";
    private const string BackContent = "containerd.io/gc.bref.content";
    private const string BackImage = "containerd.io/gc.bref.image";
    private const string BackSnapshot = "containerd.io/gc.bref.snapshot.";
    private const string ConditionSnapshot = "containerd.io/gc.cond.snapshot";
    private const string UsedAt = "containerd.io/gc.cond.value-usedat";

    /// <summary>The references that the labels of an object make.</summary>
    /// <param name="owner">What kind of object it is: not every label means something on each.</param>
    /// <param name="labels">Its labels.</param>
    public static List<Reference> Read(NodeKind owner, IReadOnlyDictionary<string, string> labels)
    {
        List<Reference> references = [];
        foreach ((string key, string value) in labels)
        {
            references.AddRange(Read(owner, key, value));
        }

        return references;
    }

    /// <summary>The references that one label makes.</summary>
    public static IEnumerable<Reference> Read(NodeKind owner, string key, string value)
    {
        if (!key.StartsWith(Prefix, StringComparison.Ordinal) || value.Length == 0)
        {
            return [];
        }

        if (owner is NodeKind.Content or NodeKind.Image && key.StartsWith(ConditionSnapshot, StringComparison.Ordinal))
        {
            return Conditions(key.AsSpan(ConditionSnapshot.Length), value);
        }

        if (owner is NodeKind.Snapshot && key.StartsWith(UsedAt, StringComparison.Ordinal))
        {
            return [new Reference(ReferenceRole.UsedAt, NodeKind.None, value)];
        }

        return Parse(key, value) is { } reference && (reference.Role != ReferenceRole.Root || CanBeRoot(owner))
            ? [reference]
            : [];
    }

    private static bool CanBeRoot(NodeKind owner) => owner is NodeKind.Content or NodeKind.Snapshot or NodeKind.Activation;

    private static Reference? Parse(string key, string value)
    {
        if (key.StartsWith(WellKnownLabels.GcRefSnapshot, StringComparison.Ordinal))
        {
            return ToSnapshot(ReferenceRole.Label, key.AsSpan(WellKnownLabels.GcRefSnapshot.Length), value);
        }

        if (key.StartsWith(BackSnapshot, StringComparison.Ordinal))
        {
            return ToSnapshot(ReferenceRole.Back, key.AsSpan(BackSnapshot.Length), value);
        }

        // Any label that begins so makes a root; a time in its value means nothing.
        if (key.StartsWith(WellKnownLabels.GcRoot, StringComparison.Ordinal))
        {
            return new Reference(ReferenceRole.Root, NodeKind.None, "");
        }

        return
            Names(key, WellKnownLabels.GcRefContent) ? new Reference(ReferenceRole.Label, NodeKind.Content, value)
            : Names(key, WellKnownLabels.GcRefImage) ? new Reference(ReferenceRole.Label, NodeKind.Image, value)
            : Names(key, BackContent) ? new Reference(ReferenceRole.Back, NodeKind.Content, value)
            : Names(key, BackImage) ? new Reference(ReferenceRole.Back, NodeKind.Image, value)
            : Names(key, WellKnownLabels.BackReferenceContainer) ? new Reference(ReferenceRole.Back, NodeKind.Container, value)
            : null;
    }

    /// <summary>Whether a key is the label, alone or with a name of its own behind <c>.</c> or <c>/</c>.</summary>
    private static bool Names(string key, string label) =>
        key.StartsWith(label, StringComparison.Ordinal)
        && (key.Length == label.Length || key[label.Length] is '.' or '/');

    private static Reference ToSnapshot(ReferenceRole role, ReadOnlySpan<char> rest, string value)
    {
        int slash = rest.IndexOf('/');
        return Reference.ToSnapshot(role, (slash < 0 ? rest : rest[..slash]).ToString(), value);
    }

    /// <summary>One reference for each condition of a list <c>CONDITION[,CONDITION…]|KEY</c>; any one is enough.</summary>
    private static List<Reference> Conditions(ReadOnlySpan<char> rest, string value)
    {
        ReadOnlySpan<char> snapshotter = rest.TrimStart("./");
        int slash = snapshotter.IndexOf('/');
        string name = (slash < 0 ? snapshotter : snapshotter[..slash]).ToString();
        int bar = value.IndexOf('|', StringComparison.Ordinal);
        List<Reference> references = [];
        if (bar < 0)
        {
            return references;
        }

        foreach (string text in value[..bar].Split(','))
        {
            GcCondition condition = new(text, Reference.SnapshotKey(name, value[(bar + 1)..]));
            if (condition.IsKnown)
            {
                references.Add(new Reference(ReferenceRole.Condition, NodeKind.Snapshot, condition.ToString()));
            }
        }

        return references;
    }
}
