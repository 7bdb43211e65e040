using System.Text.Json.Serialization;

namespace Gantry.Distribution.Auth;

/// <summary>What a token server answers (distribution-spec, token authentication; RFC 6749, 5.1).</summary>
internal sealed class TokenResponse
{
    [JsonPropertyName("token")]
    public string? Token { get; set; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; set; }

    [JsonPropertyName("expires_in")]
    public double? ExpiresIn { get; set; }

    [JsonPropertyName("refresh_token")]
    public string? RefreshToken { get; set; }
}
