using System.Collections.Immutable;

namespace Gantry.Core.Diff;

/// <summary>What kind of layer a difference is to become.</summary>
public sealed record DiffOptions
{
    /// <summary>The media type of the layer; empty: OCI's tar+gzip.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>The ref of the ingest; empty: one of its own.</summary>
    public string Reference { get; init; } = "";

    /// <summary>Labels of the blob. <c>containerd.io/uncompressed</c>, with the diff id, is added to them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>No file of the layer is younger than this: SOURCE_DATE_EPOCH of reproducible-builds.org.</summary>
    public DateTimeOffset? SourceDateEpoch { get; init; }
}
