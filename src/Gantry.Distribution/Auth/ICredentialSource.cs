namespace Gantry.Distribution.Auth;

/// <summary>Knows who we are at a registry.</summary>
public interface ICredentialSource
{
    /// <summary>The credential for a host; null when there is none.</summary>
    /// <param name="request">The host, and what it asks.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken);
}
