namespace Gantry.Archive.Tar;

/// <summary>What an archive from outside may ask of its reader. Each limit is checked before memory is taken.</summary>
public sealed record TarLimits
{
    /// <summary>The limits that real images keep by far.</summary>
    public static TarLimits Default { get; } = new();

    /// <summary>Headers in one archive, those of extensions included.</summary>
    public long MaxHeaders { get; init; } = 32_000_000;

    /// <summary>Bytes of one extended header: PAX records, a GNU long name. 1 MiB, as Go's reader has it.</summary>
    public int MaxExtendedHeaderSize { get; init; } = 1024 * 1024;

    /// <summary>Bytes of a path or of a link's target: PATH_MAX.</summary>
    public int MaxPathLength { get; init; } = 4096;

    /// <summary>Names in one path.</summary>
    public int MaxPathDepth { get; init; } = 1024;

    /// <summary>Bytes of an extended attribute's name: XATTR_NAME_MAX.</summary>
    public int MaxXattrNameLength { get; init; } = 255;

    /// <summary>Bytes of an extended attribute's value: XATTR_SIZE_MAX.</summary>
    public int MaxXattrValueLength { get; init; } = 65536;

    /// <summary>Extended attributes of one entry.</summary>
    public int MaxXattrs { get; init; } = 512;

    /// <summary>Pieces of data in one sparse file.</summary>
    public int MaxSparseExtents { get; init; } = 131_072;
}
