using Gantry.Api.Types.Transfer;

namespace Gantry.Client.Transfers;

/// <summary>Who we are at a registry, for the daemon to say. Its text form does not show secrets.</summary>
public sealed class TransferCredential
{
    private TransferCredential(AuthResponse answer) => Answer = answer;

    internal AuthResponse Answer { get; }

    /// <summary>A user and a password.</summary>
    /// <param name="username">The user.</param>
    /// <param name="password">The password.</param>
    public static TransferCredential OfUser(string username, string password) =>
        new(new AuthResponse { AuthType = AuthType.Credentials, Username = username, Secret = password });

    /// <summary>A refresh token, for the token server.</summary>
    /// <param name="token">The token.</param>
    public static TransferCredential OfIdentityToken(string token) =>
        new(new AuthResponse { AuthType = AuthType.Refresh, Secret = token });

    /// <summary>A value for the header <c>Authorization</c>.</summary>
    /// <param name="value">The value.</param>
    public static TransferCredential OfHeader(string value) =>
        new(new AuthResponse { AuthType = AuthType.Header, Secret = value });
}
