using System.Globalization;

namespace Gantry.Cli.Daemon;

/// <summary>What clients have called things, on a line of its own.</summary>
internal static class AuditText
{
    /// <summary>The text with a sign in the place of what would end the line or move what stands in it.</summary>
    public static string OneLine(string text) => string.Create(text.Length, text, static (line, text) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = char.GetUnicodeCategory(text[i])
                is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                ? '\uFFFD'
                : text[i];
        }
    });
}
