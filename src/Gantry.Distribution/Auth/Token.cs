namespace Gantry.Distribution.Auth;

/// <summary>A bearer token.</summary>
/// <param name="Value">The token.</param>
/// <param name="ExpiresAt">When it is not to be used any more.</param>
internal sealed record Token(string Value, DateTimeOffset ExpiresAt)
{
    public override string ToString() => "token";
}
