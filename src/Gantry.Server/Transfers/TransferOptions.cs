namespace Gantry.Server.Transfers;

/// <summary>How images are transferred.</summary>
public sealed record TransferOptions
{
    /// <summary>How many blobs of an image are downloaded at once.</summary>
    public int MaxConcurrentDownloads { get; init; } = 3;

    /// <summary>How many blobs of an image are uploaded at once.</summary>
    public int MaxConcurrentUploads { get; init; } = 3;

    /// <summary>Directories that say how registries are reached, where the client names none.</summary>
    public IReadOnlyList<string> HostsDirectories { get; init; } = [];

    /// <summary>The programs that decide what may be pulled.</summary>
    public ImageVerifierOptions Verifiers { get; init; } = new();
}
