namespace Gantry.Oci.Image;

/// <summary>The config of an image (image-spec, config.md).</summary>
/// <param name="Platform">What it runs on; parts that it does not say are empty.</param>
/// <param name="DiffIds">The digests of its uncompressed layers, lowest first.</param>
public sealed record ImageConfig(Platform Platform, IReadOnlyList<Digest> DiffIds)
{
    /// <summary>When it was made; null when it does not say.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Who made it; empty when it does not say.</summary>
    public string Author { get; init; } = "";

    /// <summary>How a container of it is to run.</summary>
    public ContainerDefaults Config { get; init; } = new();

    /// <summary>How its layers came about.</summary>
    public IReadOnlyList<ImageHistory> History { get; init; } = [];
}
