using System.Text;

namespace Gantry.Testing;

/// <summary>What a <see cref="ScriptedServer"/> was asked.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Headers">The headers, by name in any case.</param>
/// <param name="Bytes">The body.</param>
public sealed record ScriptedRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Bytes)
{
    /// <summary>The body as text.</summary>
    public string Body => Encoding.UTF8.GetString(Bytes);

    /// <summary>A value of the query; empty when it is not there.</summary>
    /// <param name="name">Its name.</param>
    public string Query(string name)
    {
        int mark = Path.IndexOf('?', StringComparison.Ordinal);
        foreach (string pair in (mark < 0 ? "" : Path[(mark + 1)..]).Split('&'))
        {
            if (pair.StartsWith(name + "=", StringComparison.Ordinal))
            {
                return Uri.UnescapeDataString(pair[(name.Length + 1)..]);
            }
        }

        return "";
    }
}
