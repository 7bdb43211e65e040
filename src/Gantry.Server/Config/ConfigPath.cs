using System.Buffers;
using System.Text;

namespace Gantry.Server.Config;

/// <summary>How keys are written.</summary>
internal static class ConfigPath
{
    private static readonly SearchValues<char> Bare =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    /// <summary>A key below a table.</summary>
    public static string Join(string table, string key) => table.Length == 0 ? Quote(key) : $"{table}.{Quote(key)}";

    /// <summary>A key, in quotes when it needs them.</summary>
    public static string Quote(string key) =>
        key.Length > 0 && !key.AsSpan().ContainsAnyExcept(Bare) ? key : Literal(key);

    /// <summary>A text as a basic string.</summary>
    public static string Literal(string text)
    {
        StringBuilder quoted = new("\"", text.Length + 2);
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\x7f' => quoted.Append($"\\u{(int)c:X4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
