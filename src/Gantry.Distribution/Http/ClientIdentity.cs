using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gantry.Core.Errors;
using Gantry.Distribution.Hosts;

namespace Gantry.Distribution.Http;

/// <summary>The certificate that one host is shown, and nobody else.</summary>
internal sealed class ClientIdentity : IDisposable
{
    private readonly string _host;
    private readonly X509Certificate2Collection _certificates = [];

    /// <param name="endpoint">The host.</param>
    /// <param name="files">The certificates; the first whose issuer the host accepts is shown, else the first.</param>
    /// <exception cref="GantryException">InvalidArgument: a file can't be used.</exception>
    public ClientIdentity(Uri endpoint, IReadOnlyList<ClientCertificate> files)
    {
        _host = endpoint.IdnHost;
        foreach (ClientCertificate file in files)
        {
            _certificates.Add(Load(file));
        }
    }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _certificates.Count == 0;

    /// <summary>The certificate for a host; null for none.</summary>
    public X509Certificate? Choose(string targetHost, string[] acceptableIssuers)
    {
        if (!string.Equals(targetHost, _host, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return _certificates.FirstOrDefault(c => acceptableIssuers.Contains(c.Issuer)) ?? _certificates.FirstOrDefault();
    }

    public void Dispose()
    {
        foreach (X509Certificate2 certificate in _certificates)
        {
            certificate.Dispose();
        }
    }

    private static X509Certificate2 Load(ClientCertificate file)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(file.CertificateFile, file.KeyFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            string missing = new[] { file.CertificateFile, file.KeyFile ?? file.CertificateFile }
                .FirstOrDefault(path => !File.Exists(path)) ?? "";
            string reason = missing.Length > 0
                ? $"no such file: {missing}"
                : $"no certificate and key in PEM that belong together: {file.CertificateFile}, {file.KeyFile ?? "the same file"}";
            throw new GantryException(ErrorKind.InvalidArgument, $"client certificate: {reason}", e);
        }
    }
}
