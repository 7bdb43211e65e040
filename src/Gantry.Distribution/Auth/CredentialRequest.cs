namespace Gantry.Distribution.Auth;

/// <summary>What is known when a registry asks who we are.</summary>
/// <param name="Host">
/// The host that asks, as references name it: <c>docker.io</c>, <c>127.0.0.1:5000</c>. A mirror goes by its own name.
/// </param>
/// <param name="Scope">What is wanted there: <c>repository:library/busybox:pull</c>.</param>
/// <param name="Challenges">The values of the header <c>WWW-Authenticate</c>.</param>
public sealed record CredentialRequest(string Host, string Scope, IReadOnlyList<string> Challenges);
