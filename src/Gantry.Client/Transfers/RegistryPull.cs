using Gantry.Oci.Image;

namespace Gantry.Client.Transfers;

/// <summary>What the daemon is to pull, and how.</summary>
/// <param name="Reference">The full name; the image record gets it as its name.</param>
public sealed record RegistryPull(string Reference)
{
    /// <summary>True to speak plain http where no file of <see cref="HostsDirectories"/> says otherwise.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Directories, on the daemon's machine, that say how registries are reached; none: the daemon's own.</summary>
    public IReadOnlyList<string> HostsDirectories { get; init; } = [];

    /// <summary>The platform that is fetched and unpacked.</summary>
    public Platform Platform { get; init; } = Platform.Current;

    /// <summary>True to fetch the image whole; unpacked is what is for <see cref="Platform"/>.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>The snapshotter to unpack into; empty to unpack nothing.</summary>
    public string Snapshotter { get; init; } = "";

    /// <summary>Says who we are at a host, given what the registry asks; null for nobody.</summary>
    public Func<string, IReadOnlyList<string>, CancellationToken, ValueTask<TransferCredential?>>? Credentials { get; init; }
}
