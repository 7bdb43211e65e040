using System.Collections.Immutable;

namespace Gantry.Core.Diff;

/// <summary>How a layer is applied.</summary>
public sealed record UnpackOptions
{
    /// <summary>Return only when the files would outlive a power failure.</summary>
    public bool SyncFilesystem { get; init; }

    /// <summary>What stream processors are handed, by the id of the processor.</summary>
    public IReadOnlyDictionary<string, TypedBytes> Payloads { get; init; } =
        ImmutableDictionary<string, TypedBytes>.Empty;
}
