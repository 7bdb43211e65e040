namespace Gantry.Durability.Tests.Load;

/// <summary>What a worker knew at one moment: the acknowledged state of each object, and the calls under way.</summary>
internal sealed record JournalView(IReadOnlyDictionary<string, string?> Acknowledged, IReadOnlyList<Operation> Pending)
{
    /// <summary>Everything that may exist.</summary>
    public IReadOnlySet<string> Keys => Acknowledged.Keys
        .Concat(Pending.SelectMany(operation => operation.Changes).Select(change => change.Key))
        .ToHashSet(StringComparer.Ordinal);
}
