namespace Gantry.Storage.Adopt;

/// <summary>What taking over a root does, or would do.</summary>
/// <param name="Path">containerd's database.</param>
/// <param name="SchemaVersion">The version of its schema.</param>
/// <param name="TransactionId">The last transaction that was committed to it.</param>
/// <param name="Namespaces">What is taken over.</param>
/// <param name="Skipped">What is not.</param>
/// <param name="Warnings">What an operator should look at: records are taken over whose file is not as recorded.</param>
public sealed record AdoptionReport(
    string Path,
    int SchemaVersion,
    long TransactionId,
    IReadOnlyList<AdoptedNamespace> Namespaces,
    IReadOnlyList<AdoptionSkip> Skipped,
    IReadOnlyList<string> Warnings);
