namespace Gantry.Archive.Compression;

/// <summary>How a layer is packed.</summary>
public enum CompressionKind
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>gzip, RFC 1952; several members are one stream.</summary>
    Gzip,

    /// <summary>Zstandard, RFC 8878; several frames are one stream.</summary>
    Zstd,
}
