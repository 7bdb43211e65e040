namespace Gantry.Distribution.Auth;

/// <summary>A bearer token.</summary>
/// <param name="Value">The token.</param>
/// <param name="ExpiresAt">When it is not to be used any more.</param>
/// <param name="RefreshToken">What to ask with for the next one; empty for the credential.</param>
internal sealed record Token(string Value, DateTimeOffset ExpiresAt, string RefreshToken = "")
{
    public override string ToString() => "token";
}
