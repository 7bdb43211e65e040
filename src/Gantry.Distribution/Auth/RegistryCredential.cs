namespace Gantry.Distribution.Auth;

/// <summary>A user at a registry. Its text form does not show secrets.</summary>
/// <param name="Username">The name; empty when there is only a token.</param>
/// <param name="Password">The password; empty when there is only a token.</param>
public sealed record RegistryCredential(string Username, string Password)
{
    /// <summary>A refresh token, to be given to the token server in place of a password; empty for none.</summary>
    public string IdentityToken { get; init; } = "";

    /// <summary>A bearer token, to be given to the registry as it is; empty for none.</summary>
    public string RegistryToken { get; init; } = "";

    /// <summary>A value for the header <c>Authorization</c>, to be sent to the registry as it is; empty for none.</summary>
    public string Header { get; init; } = "";

    /// <summary>Where it was found, for people to read; empty if nobody says.</summary>
    public string Origin { get; init; } = "";

    internal bool IsEmpty => this is { Username: "", IdentityToken: "", RegistryToken: "", Header: "" };

    /// <inheritdoc/>
    public override string ToString() =>
        (Username.Length > 0 ? $"credential of \"{Username}\"" : "credential") + (Origin.Length > 0 ? $" from {Origin}" : "");
}
