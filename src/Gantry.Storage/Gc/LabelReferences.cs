using Gantry.Core.Labels;

namespace Gantry.Storage.Gc;

/// <summary>Reads references from labels (WIRE: Content, metadata, GC).</summary>
internal static class LabelReferences
{
    private const string Prefix = "containerd.io/gc.";
    private const string BackContainer = "containerd.io/gc.bref.container";
    private const string BackContent = "containerd.io/gc.bref.content";
    private const string BackImage = "containerd.io/gc.bref.image";
    private const string BackSnapshot = "containerd.io/gc.bref.snapshot.";

    /// <summary>The references that labels make.</summary>
    public static List<Reference> Read(IReadOnlyDictionary<string, string> labels)
    {
        List<Reference> references = [];
        foreach ((string key, string value) in labels)
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && value.Length > 0
                && Parse(key, value) is { } reference)
            {
                references.Add(reference);
            }
        }

        return references;
    }

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
            : Names(key, BackContainer) ? new Reference(ReferenceRole.Back, NodeKind.Container, value)
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
}
