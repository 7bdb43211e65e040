namespace Gantry.Distribution.Auth;

/// <summary>Knows who we are at a registry.</summary>
public interface ICredentialSource
{
    /// <summary>The credential for a host; null when there is none.</summary>
    /// <param name="host">The host of a reference, such as <c>docker.io</c> or <c>127.0.0.1:5000</c>.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<RegistryCredential?> GetAsync(string host, CancellationToken cancellationToken);
}
