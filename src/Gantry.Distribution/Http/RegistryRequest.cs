namespace Gantry.Distribution.Http;

/// <summary>One request to a registry, as often as it may have to be made.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">
/// A path of the specification, <c>/v2/…</c>, with a query perhaps; or a whole URL that the registry has given.
/// </param>
/// <param name="Scope">The scopes that a token needs for it, with spaces between.</param>
internal sealed record RegistryRequest(HttpMethod Method, string Path, string Scope)
{
    /// <summary>Media types, best first.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>Where in the body of the answer to begin.</summary>
    public long Offset { get; init; }

    /// <summary>Where in the body of the answer to end, the last byte included; null for its end.</summary>
    public long? End { get; init; }

    /// <summary>Makes the body; called for each attempt. Null for none.</summary>
    public Func<CancellationToken, Task<HttpContent>>? Body { get; init; }

    /// <summary>Whether a failure is the caller's to mend, who knows what the server has got already.</summary>
    public bool Once { get; init; }
}
