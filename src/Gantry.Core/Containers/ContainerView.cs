using Gantry.Core.Labels;

namespace Gantry.Core.Containers;

/// <summary>A container as it is stored: texts in UTF-8. What they mean is told at <see cref="ContainerRecord"/>.</summary>
public readonly ref struct ContainerView
{
    /// <summary>Its id.</summary>
    public required ReadOnlySpan<byte> Id { get; init; }

    /// <summary>Its image; empty for none.</summary>
    public required ReadOnlySpan<byte> Image { get; init; }

    /// <summary>The name of its runtime.</summary>
    public required ReadOnlySpan<byte> RuntimeName { get; init; }

    /// <summary>Whether there are options for the runtime.</summary>
    public required bool HasRuntimeOptions { get; init; }

    /// <summary>The type URL of the options.</summary>
    public required ReadOnlySpan<byte> RuntimeOptionsType { get; init; }

    /// <summary>The options.</summary>
    public required ReadOnlySpan<byte> RuntimeOptions { get; init; }

    /// <summary>Whether it has a spec.</summary>
    public required bool HasSpec { get; init; }

    /// <summary>The type URL of the spec.</summary>
    public required ReadOnlySpan<byte> SpecType { get; init; }

    /// <summary>The spec.</summary>
    public required ReadOnlySpan<byte> Spec { get; init; }

    /// <summary>Its snapshotter; empty for none.</summary>
    public required ReadOnlySpan<byte> Snapshotter { get; init; }

    /// <summary>The key of its snapshot; empty for none.</summary>
    public required ReadOnlySpan<byte> SnapshotKey { get; init; }

    /// <summary>Its sandbox; empty for none.</summary>
    public required ReadOnlySpan<byte> Sandbox { get; init; }

    /// <summary>Its extensions.</summary>
    public required StoredExtensions Extensions { get; init; }

    /// <summary>Its labels.</summary>
    public required StoredLabels Labels { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
