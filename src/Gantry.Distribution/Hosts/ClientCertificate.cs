namespace Gantry.Distribution.Hosts;

/// <summary>Files by which a host knows us.</summary>
/// <param name="CertificateFile">The PEM file of the certificate.</param>
/// <param name="KeyFile">The PEM file of its key; null when that is in the same file.</param>
public sealed record ClientCertificate(string CertificateFile, string? KeyFile);
