namespace Gantry.Core;

/// <summary>Which fields an update touches. An empty mask has a meaning of its own in each store.</summary>
/// <param name="Paths">Paths such as <c>labels</c> or <c>labels.a.b/c</c>: all that follows the first dot is the key.</param>
public sealed record FieldMask(IReadOnlyList<string> Paths)
{
    /// <summary>The mask that names nothing.</summary>
    public static FieldMask Empty { get; } = new([]);

    /// <summary>True when the mask names nothing.</summary>
    public bool IsEmpty => Paths.Count == 0;
}
