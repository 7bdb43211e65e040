namespace Gantry.Distribution.Auth;

/// <summary>Several sources; the first that knows a host counts.</summary>
/// <param name="sources">The sources, best first.</param>
public sealed class CredentialChain(params IReadOnlyList<ICredentialSource> sources) : ICredentialSource
{
    /// <inheritdoc/>
    public async ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        foreach (ICredentialSource source in sources)
        {
            if (await source.GetAsync(request, cancellationToken) is { } credential)
            {
                return credential;
            }
        }

        return null;
    }
}
