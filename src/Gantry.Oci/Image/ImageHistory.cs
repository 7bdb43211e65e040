namespace Gantry.Oci.Image;

/// <summary>How one layer, or one change of the config, came about (image-spec, config.md, history).</summary>
/// <param name="CreatedBy">The command; empty when it is not known.</param>
/// <param name="Comment">A comment; empty when there is none.</param>
/// <param name="Author">Who made it; empty when it is not known.</param>
/// <param name="Created">When; null when it is not known.</param>
/// <param name="EmptyLayer">True when there is no layer for it.</param>
public sealed record ImageHistory(
    string CreatedBy,
    string Comment,
    string Author,
    DateTimeOffset? Created,
    bool EmptyLayer);
