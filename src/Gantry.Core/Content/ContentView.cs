using Gantry.Core.Labels;

namespace Gantry.Core.Content;

/// <summary>A blob as it is stored: texts in UTF-8.</summary>
public readonly ref struct ContentView
{
    /// <summary>Its digest.</summary>
    public required ReadOnlySpan<byte> Digest { get; init; }

    /// <summary>Its size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Its labels.</summary>
    public required StoredLabels Labels { get; init; }

    /// <summary>When it was committed in this namespace.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its labels last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
