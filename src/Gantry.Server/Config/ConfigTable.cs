using Gantry.Core;
using Gantry.Core.Errors;
using Tomlyn.Model;

namespace Gantry.Server.Config;

/// <summary>
/// A table of a config file that remembers which keys were asked for, so that the others can be told. A key of the
/// wrong type is an error that names it.
/// </summary>
internal sealed class ConfigTable
{
    private readonly TomlTable _table;
    private readonly string _path;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<ConfigTable> _children = [];

    public ConfigTable(TomlTable table, string path)
    {
        _table = table;
        _path = path;
    }

    /// <summary>The keys of this table.</summary>
    public IEnumerable<string> Keys => _table.Keys;

    /// <summary>A table below this one; an empty one when it is missing.</summary>
    public ConfigTable Table(string key)
    {
        ConfigTable child = new(Find<TomlTable>(key, "a table") ?? [], Join(key));
        _children.Add(child);
        return child;
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string key) => Find<string>(key, "a string");

    /// <summary>A text that says something, or null.</summary>
    public string? NonEmpty(string key) => Text(key) is { Length: > 0 } text ? text : null;

    /// <summary>A whole number, or null.</summary>
    public long? Number(string key) => FindValue<long>(key, "an integer");

    /// <summary>A whole number within limits, or null.</summary>
    public int? Number(string key, int least, int greatest)
    {
        long? number = Number(key);
        return number is null || (number >= least && number <= greatest)
            ? (int?)number
            : throw Wrong(key, $"between {least} and {greatest}");
    }

    /// <summary>A number, or null.</summary>
    public double? Fraction(string key) =>
        Value(key) is long whole ? whole : FindValue<double>(key, "a number");

    /// <summary>Yes or no, or null.</summary>
    public bool? Flag(string key) => FindValue<bool>(key, "a boolean");

    /// <summary>Texts; none when the key is missing.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        TomlArray? array = Find<TomlArray>(key, "an array of strings");
        return array is null
            ? []
            : [.. array.Select(item => item as string ?? throw Wrong(key, "an array of strings"))];
    }

    /// <summary>A time span in Go's words, or null.</summary>
    public TimeSpan? Duration(string key)
    {
        string? text = Text(key);
        if (text is null)
        {
            return null;
        }

        return GoDuration.TryParse(text, out TimeSpan value) ? value : throw Wrong(key, "a duration such as \"5s\"");
    }

    /// <summary>Marks a key as understood, whatever is in it.</summary>
    public void Ignore(string key) => _seen.Add(key);

    /// <summary>Keys that nobody asked for, here and below.</summary>
    public IEnumerable<string> Unknown() =>
        _table.Keys.Where(key => !_seen.Contains(key)).Select(Join)
            .Concat(_children.SelectMany(child => child.Unknown()));

    private object? Value(string key)
    {
        _seen.Add(key);
        return _table.TryGetValue(key, out object? value) ? value : null;
    }

    private T? Find<T>(string key, string kind)
        where T : class =>
        Value(key) switch
        {
            null => null,
            T value => value,
            _ => throw Wrong(key, kind),
        };

    private T? FindValue<T>(string key, string kind)
        where T : struct =>
        Value(key) switch
        {
            null => null,
            T value => value,
            _ => throw Wrong(key, kind),
        };

    private GantryException Wrong(string key, string kind) =>
        new(ErrorKind.InvalidArgument, $"config key {Join(key)} must be {kind}");

    private string Join(string key)
    {
        string part = key.Contains('.', StringComparison.Ordinal) ? $"\"{key}\"" : key;
        return _path.Length == 0 ? part : $"{_path}.{part}";
    }
}
