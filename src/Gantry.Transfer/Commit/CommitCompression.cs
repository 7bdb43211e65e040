namespace Gantry.Transfer.Commit;

/// <summary>How a new layer is compressed.</summary>
public enum CommitCompression
{
    /// <summary>gzip, which everybody reads.</summary>
    Gzip = 0,

    /// <summary>zstd; images in Docker's media types have none.</summary>
    Zstd,

    /// <summary>Not at all.</summary>
    None,
}
