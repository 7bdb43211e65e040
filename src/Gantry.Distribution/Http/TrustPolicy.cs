using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gantry.Core.Errors;

namespace Gantry.Distribution.Http;

/// <summary>Trusts what the system trusts, and what authorities of our own have signed.</summary>
internal sealed class TrustPolicy
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _authorities = [];
    private readonly bool _trustAny;

    /// <param name="caFiles">PEM files.</param>
    /// <param name="trustAny">True to look at no certificate at all, as the user has asked.</param>
    /// <exception cref="GantryException">InvalidArgument: a file can't be read, or has no certificate.</exception>
    public TrustPolicy(IReadOnlyList<string> caFiles, bool trustAny)
    {
        _trustAny = trustAny;
        foreach (string file in caFiles)
        {
            int before = _authorities.Count;
            try
            {
                _authorities.ImportFromPemFile(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                string reason = File.Exists(file) ? "it can't be read as PEM" : "no such file";
                throw new GantryException(ErrorKind.InvalidArgument, $"CA file {file}: {reason}", e);
            }

            if (_authorities.Count == before)
            {
                throw new GantryException(ErrorKind.InvalidArgument, $"CA file {file}: no certificate in it");
            }
        }
    }

    /// <summary>Judges a certificate.</summary>
    /// <exception cref="AuthenticationException">
    /// It will not do; the message says why, which the framework's own does not in every build.
    /// </exception>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // Another authority mends an unknown issuer, and nothing else: not a wrong name, not a missing certificate.
        bool trusted = _trustAny
            || errors == SslPolicyErrors.None
            || (errors == SslPolicyErrors.RemoteCertificateChainErrors
                && certificate is X509Certificate2 leaf
                && _authorities.Count > 0
                && IsSignedByOurs(leaf, chain));
        return trusted
            ? trusted
            : throw new AuthenticationException("failed to verify certificate: x509: " + Reason(chain, errors));
    }

    private static string Reason(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "the server sent no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return "certificate is not valid for this host";
        }

        return chain?.ChainStatus.Any(s => s.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true
            ? "certificate has expired or is not yet valid"
            : "certificate signed by unknown authority";
    }

    private bool IsSignedByOurs(X509Certificate2 leaf, X509Chain? chain)
    {
        using X509Chain own = new();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        own.ChainPolicy.DisableCertificateDownloads = true;
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(leaf);
    }
}
