using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>The values of labels as the text format has them.</summary>
internal static class LabelText
{
    /// <summary>Escapes what would end a value.</summary>
    /// <param name="value">The value.</param>
    public static string Escape(string value) => value.AsSpan().IndexOfAny("\\\"\n") < 0
        ? value
        : value.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>Labels as they stand between braces.</summary>
    /// <param name="labels">Names and values.</param>
    public static byte[] Of(params ReadOnlySpan<(string Name, string Value)> labels)
    {
        StringBuilder text = new();
        foreach ((string name, string value) in labels)
        {
            text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(Escape(value)).Append('"');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
