namespace Gantry.Oci.Image;

/// <summary>A platform, in the words of GOOS and GOARCH (image-spec, image-index.md).</summary>
/// <param name="Os">For example <c>linux</c>.</param>
/// <param name="Architecture">For example <c>amd64</c> or <c>arm64</c>.</param>
/// <param name="Variant">For example <c>v8</c>; empty when there is none.</param>
public sealed partial record Platform(string Os, string Architecture, string Variant = "")
{
    /// <summary>The version of the operating system; empty when it does not matter.</summary>
    public string OsVersion { get; init; } = "";

    /// <summary>Features of the operating system that are needed; usually empty.</summary>
    public IReadOnlyList<string> OsFeatures { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() =>
        Variant.Length == 0 ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
