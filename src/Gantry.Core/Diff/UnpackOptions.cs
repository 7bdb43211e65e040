using System.Collections.Immutable;
using Gantry.Core.Content;

namespace Gantry.Core.Diff;

/// <summary>How a layer is applied.</summary>
public sealed record UnpackOptions
{
    /// <summary>Return only when the files would outlive a power failure.</summary>
    public bool SyncFilesystem { get; init; }

    /// <summary>
    /// The layer, if it is still on its way into the content store: it is applied while it comes. Null: it is there. It must
    /// not be asked for once the call has ended.
    /// </summary>
    public IArrivingBlob? Arriving { get; init; }

    /// <summary>What stream processors are handed, by the id of the processor.</summary>
    public IReadOnlyDictionary<string, TypedBytes> Payloads { get; init; } =
        ImmutableDictionary<string, TypedBytes>.Empty;
}
