using Gantry.Core.Mounts;

namespace Gantry.Storage.Mounts;

/// <summary>A row of the table of activations.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mounts">What was mounted; null while it is being made.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record ActivationRow(
    long Id,
    string Namespace,
    string Name,
    ActivatedMounts? Mounts,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>As clients see it.</summary>
    public Activation ToRecord() => new(Name, Mounts?.Active ?? [], Mounts?.System ?? [], Labels);
}
