namespace Gantry.Distribution.Auth;

/// <summary>One credential, for one host or for all.</summary>
/// <param name="credential">The credential.</param>
/// <param name="onlyHost">The host it is for; null for all.</param>
public sealed class FixedCredential(RegistryCredential credential, string? onlyHost = null) : ICredentialSource
{
    /// <inheritdoc/>
    public ValueTask<RegistryCredential?> GetAsync(CredentialRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool meant = onlyHost is null || string.Equals(onlyHost, request.Host, StringComparison.OrdinalIgnoreCase);
        return ValueTask.FromResult(meant ? credential : null);
    }
}
