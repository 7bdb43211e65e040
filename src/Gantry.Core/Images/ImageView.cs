using Gantry.Core.Labels;

namespace Gantry.Core.Images;

/// <summary>An image as it is stored: texts in UTF-8.</summary>
public readonly ref struct ImageView
{
    /// <summary>Its name.</summary>
    public required ReadOnlySpan<byte> Name { get; init; }

    /// <summary>The media type of its target.</summary>
    public required ReadOnlySpan<byte> MediaType { get; init; }

    /// <summary>The digest of its target.</summary>
    public required ReadOnlySpan<byte> Digest { get; init; }

    /// <summary>The size of its target.</summary>
    public required long Size { get; init; }

    /// <summary>The annotations of its target.</summary>
    public required StoredLabels Annotations { get; init; }

    /// <summary>Its labels.</summary>
    public required StoredLabels Labels { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
