using Gantry.Core.Labels;

namespace Gantry.Core.Leases;

/// <summary>A lease as it is stored: texts in UTF-8.</summary>
public readonly ref struct LeaseView
{
    /// <summary>Its id.</summary>
    public required ReadOnlySpan<byte> Id { get; init; }

    /// <summary>Its labels.</summary>
    public required StoredLabels Labels { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
