namespace Gantry.Distribution.Auth;

/// <summary>
/// One challenge of a <c>WWW-Authenticate</c> header (RFC 9110, 11.6.1):
/// <c>Bearer realm="https://…",service="…",scope="…"</c>.
/// </summary>
/// <param name="Scheme">The scheme, in lower case.</param>
/// <param name="Parameters">Its parameters; names in lower case.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int MaxLength = 8192;
    private const int MaxParameters = 32;

    /// <summary>A parameter; empty when it is not there.</summary>
    public string this[string name] => Parameters.GetValueOrDefault(name, "");

    /// <summary>Reads the challenges of headers; what can't be read is passed over.</summary>
    public static IReadOnlyList<Challenge> Parse(IEnumerable<string> headers)
    {
        List<Challenge> challenges = [];
        foreach (string header in headers.Where(h => h.Length <= MaxLength))
        {
            int at = 0;
            while (ReadOne(header, ref at) is { } challenge)
            {
                challenges.Add(challenge);
            }
        }

        return challenges;
    }

    // challenge = scheme 1*SP [ name "=" ( token / quoted-string ) *( "," … ) ]
    // A word that no "=" follows begins the next challenge.
    private static Challenge? ReadOne(string text, ref int at)
    {
        SkipSeparators(text, ref at);
        string scheme = ReadToken(text, ref at);
        if (scheme.Length == 0)
        {
            return null;
        }

        Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);
        while (parameters.Count < MaxParameters)
        {
            int before = at;
            SkipSeparators(text, ref at);
            string name = ReadToken(text, ref at);
            if (name.Length == 0 || at >= text.Length || text[at] != '=')
            {
                at = before;
                break;
            }

            at++;
            parameters[name] = at < text.Length && text[at] == '"' ? ReadQuoted(text, ref at) : ReadToken(text, ref at);
        }

        return new Challenge(scheme.ToLowerInvariant(), parameters);
    }

    private static void SkipSeparators(string text, ref int at)
    {
        while (at < text.Length && text[at] is (' ' or '\t' or ','))
        {
            at++;
        }
    }

    private static string ReadToken(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && text[at] is not (' ' or '\t' or ',' or '=' or '"'))
        {
            at++;
        }

        return text[start..at];
    }

    private static string ReadQuoted(string text, ref int at)
    {
        System.Text.StringBuilder value = new();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            value.Append(text[at]);
        }

        at = Math.Min(at + 1, text.Length);
        return value.ToString();
    }
}
