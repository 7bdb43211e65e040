namespace Gantry.Storage.Tests.Gc;

/// <summary>An object of the model. The first letter of its name is its kind: B, S, I, L or C.</summary>
internal sealed class ModelObject
{
    /// <summary>What it is made of.</summary>
    public HashSet<string> Parts { get; } = new(StringComparer.Ordinal);

    /// <summary>What its labels keep, or what a lease lists.</summary>
    public HashSet<string> References { get; init; } = new(StringComparer.Ordinal);

    /// <summary>What keeps it, as its own labels say.</summary>
    public HashSet<string> BackReferences { get; } = new(StringComparer.Ordinal);

    public bool IsRoot { get; init; }

    public bool IsFlat { get; init; }

    public DateTimeOffset Expiry { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Whether it is a committed snapshot, which others can stand on.</summary>
    public bool IsCommitted { get; init; }

    /// <summary>The snapshot that it stands on, when it is one itself.</summary>
    public string Parent { get; init; } = "";
}
