namespace Gantry.Distribution.Hosts;

/// <summary>Which headers a file may add to requests.</summary>
internal static class HeaderRules
{
    private const int MaxLength = 8192;

    /// <summary>Looks at a header (RFC 9110, 5.1 and 5.5).</summary>
    /// <exception cref="Exception">What <paramref name="wrong"/> makes of the reason.</exception>
    public static void Check(string name, IEnumerable<string> values, Func<string, Exception> wrong)
    {
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
        {
            throw wrong("is no name of a header");
        }

        if (values.Any(value => value.Length > MaxLength || value.Any(c => c is < ' ' or (char)127)))
        {
            throw wrong($"a header's value has no control characters, and at most {MaxLength} bytes");
        }
    }
}
