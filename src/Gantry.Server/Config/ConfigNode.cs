using Gantry.Core;
using Gantry.Core.Errors;

namespace Gantry.Server.Config;

/// <summary>
/// A value of a config file that knows where it is: a string, a long, a double, a bool, a list of nodes, or a table of nodes in
/// the order of the file. A value of the wrong type is an error that tells file, line and key.
/// </summary>
/// <param name="value">The value.</param>
/// <param name="origin">Where it is.</param>
internal sealed class ConfigNode(object value, ConfigOrigin origin)
{
    /// <summary>An empty table that is in no file.</summary>
    public ConfigNode()
        : this(new OrderedDictionary<string, ConfigNode>(StringComparer.Ordinal), ConfigOrigin.None)
    {
    }

    /// <summary>The value.</summary>
    public object Value { get; } = value;

    /// <summary>Where it is.</summary>
    public ConfigOrigin Origin { get; } = origin;

    /// <summary>Whether a table was begun by a header of its own, and so can't be begun again.</summary>
    public bool HasHeader { get; set; }

    /// <summary>Whether it is a table.</summary>
    public bool IsTable => Value is OrderedDictionary<string, ConfigNode>;

    /// <summary>What is in the table.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is none.</exception>
    public OrderedDictionary<string, ConfigNode> Entries =>
        Value as OrderedDictionary<string, ConfigNode> ?? throw Wrong("a table");

    /// <summary>What is in the list.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is none.</exception>
    public List<ConfigNode> Items => Value as List<ConfigNode> ?? throw Wrong("an array");

    /// <summary>A node that is in no file.</summary>
    public static ConfigNode Of(object value) => new(value, ConfigOrigin.None);

    /// <summary>A list of texts that is in no file.</summary>
    public static ConfigNode Of(IEnumerable<string> texts) => Of(texts.Select(text => Of((object)text)).ToList());

    /// <summary>A table of texts that is in no file.</summary>
    public static ConfigNode Of(IEnumerable<KeyValuePair<string, string>> texts)
    {
        ConfigNode table = new();
        foreach ((string key, string text) in texts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Entries[key] = Of((object)text);
        }

        return table;
    }

    /// <summary>The entry of a table, or null.</summary>
    public ConfigNode? Find(string key) => Entries.GetValueOrDefault(key);

    /// <summary>What is at a path below a table, or null.</summary>
    public ConfigNode? Find(ReadOnlySpan<string> path)
    {
        ConfigNode? node = this;
        foreach (string key in path)
        {
            node = node?.Find(key);
        }

        return node;
    }

    /// <summary>The table at a path below a table, which is made if it is missing.</summary>
    /// <param name="path">The path.</param>
    /// <param name="origin">Where what is put into it comes from.</param>
    public ConfigNode Table(ReadOnlySpan<string> path, ConfigOrigin origin)
    {
        ConfigNode node = this;
        foreach (string key in path)
        {
            if (!node.Entries.TryGetValue(key, out ConfigNode? next))
            {
                next = new ConfigNode(new OrderedDictionary<string, ConfigNode>(StringComparer.Ordinal), origin);
                node.Entries[key] = next;
            }

            node = next;
        }

        return node;
    }

    /// <summary>The text.</summary>
    public string Text() => Value as string ?? throw Wrong("a string");

    /// <summary>Yes or no.</summary>
    public bool Flag() => Value is bool flag ? flag : throw Wrong("a boolean");

    /// <summary>A whole number within limits.</summary>
    public int Number(int least, int greatest) => Value switch
    {
        long number when number >= least && number <= greatest => (int)number,
        long => throw Wrong($"between {least} and {greatest}"),
        _ => throw Wrong("an integer"),
    };

    /// <summary>A number within limits.</summary>
    public double Fraction(double least, double greatest)
    {
        double number = Value switch
        {
            double fraction => fraction,
            long whole => whole,
            _ => throw Wrong("a number"),
        };
        return number >= least && number <= greatest ? number : throw Wrong($"between {least} and {greatest}");
    }

    /// <summary>Texts.</summary>
    public IReadOnlyList<string> Texts() => Value is List<ConfigNode> items && items.TrueForAll(item => item.Value is string)
        ? [.. items.Select(item => item.Text())]
        : throw Wrong("an array of strings");

    /// <summary>A time span in Go's words, which is not negative.</summary>
    public TimeSpan Duration(TimeSpan greatest)
    {
        if (!GoDuration.TryParse(Text(), out TimeSpan value))
        {
            throw Wrong($"a duration such as \"5s\", and not \"{Text()}\"");
        }

        return value < TimeSpan.Zero ? throw Wrong($"0s or more, and not \"{Text()}\"")
            : value > greatest ? throw Wrong($"no more than {greatest.Days} days, and not \"{Text()}\"")
            : value;
    }

    /// <summary>An entry that a table can't do without.</summary>
    public ConfigNode Needed(string key) => Find(key) is { Value: not "" } node
        ? node
        : throw new GantryException(
            ErrorKind.InvalidArgument, $"config {Origin.Place}: key {ConfigPath.Join(Origin.Path, key)} is missing");

    /// <summary>An error about this value.</summary>
    public GantryException Wrong(string kind) =>
        new(ErrorKind.InvalidArgument, $"{(Origin.File.Length == 0 ? $"flag {Origin.Path}" : $"config {Origin}")} must be {kind}");
}
