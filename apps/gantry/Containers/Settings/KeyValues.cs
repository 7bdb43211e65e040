namespace Gantry.Cli.Containers.Settings;

/// <summary>Options whose values are <c>key=value</c>.</summary>
internal static class KeyValues
{
    /// <summary>The pairs, the last of a key winning; a key alone has an empty value.</summary>
    /// <exception cref="FormatException">A key is empty.</exception>
    public static Dictionary<string, string> Parse(string what, IEnumerable<string> texts)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || text.Length == 0)
            {
                throw new FormatException($"{what} \"{text}\": no key");
            }

            pairs[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
        }

        return pairs;
    }
}
