namespace Gantry.Testing;

/// <summary>How a <see cref="RegistryServer"/> is to be reached.</summary>
public sealed record RegistryServerOptions
{
    /// <summary>True for https, with a certificate of the server's own authority.</summary>
    public bool Tls { get; init; }

    /// <summary>The only host that the certificate is for; null for the loopback address and <c>localhost</c>.</summary>
    public string? CertificateHost { get; init; }

    /// <summary>The user who may come in, by password or a token server; null for everybody.</summary>
    public string? Username { get; init; }

    /// <summary>The password of that user.</summary>
    public string Password { get; init; } = "";

    /// <summary>Where to ask for a bearer token; null when none is needed.</summary>
    public Uri? TokenRealm { get; init; }

    /// <summary>The PEM file with the certificate that signs bearer tokens.</summary>
    public string? TokenCertificateFile { get; init; }

    /// <summary>Whether it lets in only who has a certificate of its authority.</summary>
    public bool ClientCertificates { get; init; }

    /// <summary>The registry that it is a pull-through proxy of; null for none.</summary>
    public Uri? ProxyOf { get; init; }
}
