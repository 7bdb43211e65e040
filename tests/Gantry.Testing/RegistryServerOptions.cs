namespace Gantry.Testing;

/// <summary>How a <see cref="RegistryServer"/> is to be reached.</summary>
public sealed record RegistryServerOptions
{
    /// <summary>True for https, with a certificate of the server's own authority.</summary>
    public bool Tls { get; init; }

    /// <summary>The only host that the certificate is for; null for the loopback address and <c>localhost</c>.</summary>
    public string? CertificateHost { get; init; }

    /// <summary>The user who may come in; null for everybody.</summary>
    public string? Username { get; init; }

    /// <summary>The password of that user.</summary>
    public string Password { get; init; } = "";

    /// <summary>Where to ask for a bearer token; null when none is needed.</summary>
    public Uri? TokenRealm { get; init; }

    /// <summary>The PEM file with the certificate that signs bearer tokens.</summary>
    public string? TokenCertificateFile { get; init; }
}
