using System.Globalization;
using System.Text;

namespace Gantry.Server.Config;

/// <summary>Writes nodes as TOML.</summary>
internal static class TomlText
{
    /// <summary>The text.</summary>
    /// <param name="root">A table.</param>
    /// <param name="comment">What to say above a key, by its path; null for nothing.</param>
    public static string Write(ConfigNode root, Func<string, string?> comment)
    {
        StringBuilder text = new();
        Table(text, root, "", comment);
        return text.ToString();
    }

    /// <summary>A value as it stands behind a key.</summary>
    public static string Value(ConfigNode node) => node.Value switch
    {
        string value => ConfigPath.Literal(value),
        bool value => value ? "true" : "false",
        double value => value.ToString("0.0######", CultureInfo.InvariantCulture),
        List<ConfigNode> items => $"[{string.Join(", ", items.Select(Value))}]",
        OrderedDictionary<string, ConfigNode> { Count: 0 } => "{}",
        OrderedDictionary<string, ConfigNode> entries =>
            $"{{ {string.Join(", ", entries.Select(entry => $"{ConfigPath.Quote(entry.Key)} = {Value(entry.Value)}"))} }}",
        object value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static void Table(StringBuilder text, ConfigNode table, string path, Func<string, string?> comment)
    {
        foreach ((string key, ConfigNode node) in table.Entries.Where(entry => !entry.Value.IsTable))
        {
            if (comment(ConfigPath.Join(path, key)) is { } said)
            {
                text.Append("# ").Append(said).Append('\n');
            }

            text.Append(ConfigPath.Quote(key)).Append(" = ").Append(Value(node)).Append('\n');
        }

        foreach ((string key, ConfigNode node) in table.Entries.Where(entry => entry.Value.IsTable))
        {
            string below = ConfigPath.Join(path, key);
            bool onlyTables = node.Entries.Count > 0 && node.Entries.Values.All(entry => entry.IsTable);
            if (!onlyTables)
            {
                text.Append('\n');
                if (comment(below) is { } said)
                {
                    text.Append("# ").Append(said).Append('\n');
                }

                text.Append('[').Append(below).Append("]\n");
            }

            Table(text, node, below, comment);
        }
    }
}
