namespace Gantry.Distribution.Hosts;

/// <summary>How one host is reached: a table of <c>hosts.toml</c>, the files beside it, or nothing but the defaults.</summary>
public sealed record HostConfig
{
    /// <summary>Where it is, with a path if it has one; null for the registry that the name itself says.</summary>
    public Uri? Server { get; init; }

    /// <summary>What it may be asked for.</summary>
    public HostCapabilities Capabilities { get; init; } = HostCapabilities.All;

    /// <summary>PEM files of authorities that are trusted besides the system's.</summary>
    public IReadOnlyList<string> CaFiles { get; init; } = [];

    /// <summary>Certificates by which it knows us.</summary>
    public IReadOnlyList<ClientCertificate> ClientCertificates { get; init; } = [];

    /// <summary>Whether any certificate will do; null where nothing is said.</summary>
    public bool? SkipVerify { get; init; }

    /// <summary>Headers of each request to it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Whether the path of <see cref="Server"/> is all there is before a repository's name, without <c>/v2</c>.</summary>
    public bool OverridePath { get; init; }

    /// <summary>How long making a connection may take; null where nothing is said.</summary>
    public TimeSpan? DialTimeout { get; init; }

    /// <summary>What was said, and where.</summary>
    public IReadOnlyList<HostSetting> Settings { get; init; } = [];

    internal bool HasTls => CaFiles.Count > 0 || ClientCertificates.Count > 0 || SkipVerify is not null;
}
