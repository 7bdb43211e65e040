using Gantry.Core;

namespace Gantry.Server.Config;

/// <summary>A key of config.toml: how it is read, written and described. <see cref="ConfigKeys"/> has all of them.</summary>
/// <param name="Table">The name of its table, or the plug-in whose table it is in; empty for the top.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it must be.</param>
/// <param name="Effect">What it does, in a sentence.</param>
/// <param name="Get">What it would have to be for a configuration.</param>
/// <param name="Read">A configuration with what it is.</param>
internal sealed record ConfigKey(
    string Table,
    string Name,
    string Type,
    string Effect,
    Func<DaemonConfig, ConfigNode> Get,
    Func<DaemonConfig, ConfigNode, DaemonConfig> Read)
{
    private const string TextType = "string";

    /// <summary>Timers take no more than 2^32 milliseconds.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    /// <summary>The unit of a number; empty for none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Whether it is read again on SIGHUP.</summary>
    public bool Reloads { get; init; }

    /// <summary>Whether it is read for the sake of containerd's files and does nothing.</summary>
    public bool Inert { get; init; }

    /// <summary>The keys of each table in a table of tables; empty for other keys.</summary>
    public IReadOnlyList<ConfigField> Fields { get; init; } = [];

    /// <summary>Where its table is.</summary>
    public string[] TablePath => TableOf(Table);

    /// <summary>The key with its tables, as it is written.</summary>
    public string Path => TablePath.Append(Name).Aggregate("", ConfigPath.Join);

    /// <summary>Where a table is: those of plug-ins are below <c>plugins</c>.</summary>
    public static string[] TableOf(string table) =>
        table.Length == 0 ? [] : table.Contains('.', StringComparison.Ordinal) ? ["plugins", table] : [table];

    /// <summary>A string; an empty one leaves what holds without it.</summary>
    public static ConfigKey Text(
        string table, string name, Func<DaemonConfig, string> get, Func<DaemonConfig, string, DaemonConfig> set, string effect) =>
        new(table, name, TextType, effect, config => ConfigNode.Of(get(config)),
            (config, node) => node.Text() is { Length: > 0 } text ? set(config, text) : config);

    /// <summary>One of some words.</summary>
    public static ConfigKey Choice<T>(
        string table,
        string name,
        (string Word, T Value)[] words,
        Func<DaemonConfig, T> get,
        Func<DaemonConfig, T, DaemonConfig> set,
        string effect)
    {
        string type = string.Join(" or ", words.Select(word => $"\"{word.Word}\""));
        return new ConfigKey(
            table,
            name,
            type,
            effect,
            config => ConfigNode.Of(words.First(word => EqualityComparer<T>.Default.Equals(word.Value, get(config))).Word),
            (config, node) =>
            {
                string text = node.Text();
                int found = Array.FindIndex(words, word => word.Word.Equals(text, StringComparison.OrdinalIgnoreCase));
                return found >= 0 ? set(config, words[found].Value)
                    : text.Length == 0 ? config
                    : throw node.Wrong($"{type}, and not \"{text}\"");
            });
    }

    /// <summary>A list of strings; an empty one leaves what holds without it.</summary>
    public static ConfigKey Texts(
        string table,
        string name,
        Func<DaemonConfig, IReadOnlyList<string>> get,
        Func<DaemonConfig, IReadOnlyList<string>, DaemonConfig> set,
        string effect) =>
        new(table, name, "array of strings", effect, config => ConfigNode.Of(get(config)),
            (config, node) => node.Texts() is { Count: > 0 } texts ? set(config, texts) : config);

    /// <summary>A whole number.</summary>
    public static ConfigKey Number(
        string table,
        string name,
        int least,
        Func<DaemonConfig, int> get,
        Func<DaemonConfig, int, DaemonConfig> set,
        string effect,
        int greatest = int.MaxValue) =>
        new(table, name, "integer", effect, config => ConfigNode.Of((long)get(config)),
            (config, node) => set(config, node.Number(least, greatest)));

    /// <summary>A yes or a no.</summary>
    public static ConfigKey Flag(
        string table, string name, Func<DaemonConfig, bool> get, Func<DaemonConfig, bool, DaemonConfig> set, string effect) =>
        new(table, name, "boolean", effect, config => ConfigNode.Of(get(config)),
            (config, node) => set(config, node.Flag()));

    /// <summary>A time span that is waited for, or an age.</summary>
    public static ConfigKey Duration(
        string table,
        string name,
        Func<DaemonConfig, TimeSpan> get,
        Func<DaemonConfig, TimeSpan, DaemonConfig> set,
        string effect,
        bool isAge = false) =>
        new(table, name, "duration", effect, config => ConfigNode.Of(GoDuration.Format(get(config))),
            (config, node) => set(config, node.Duration(isAge ? TimeSpan.MaxValue : LongestWait)));

    /// <summary>A time limit: none that is not positive is one, and leaves what holds without it.</summary>
    public static ConfigKey Limit(
        string table,
        string name,
        Func<DaemonConfig, TimeSpan> get,
        Func<DaemonConfig, TimeSpan, DaemonConfig> set,
        string effect) =>
        Duration(table, name, get, (config, limit) => limit > TimeSpan.Zero ? set(config, limit) : config, effect);

    /// <summary>A key of containerd's that does nothing here. Whoever checks a file that sets it to something is told so.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="name">Its name.</param>
    /// <param name="usual">What it is when nobody sets it: its type is that of the key.</param>
    /// <param name="reason">Why it does nothing.</param>
    /// <param name="warn">Whether whoever sets it expects something that does not happen, and is told at each start.</param>
    public static ConfigKey Ignored(string table, string name, object usual, string reason, bool warn = false) =>
        new(table, name, TypeOf(usual), reason, _ => usual is string[] texts ? ConfigNode.Of(texts) : ConfigNode.Of(usual),
            (config, node) => Ignore(config, node, usual, reason, warn))
        {
            Inert = true,
        };

    private static string TypeOf(object usual) => usual switch
    {
        bool => "boolean",
        long => "integer",
        string[] => "array of strings",
        List<ConfigNode> => "array of tables",
        _ => TextType,
    };

    private static DaemonConfig Ignore(DaemonConfig config, ConfigNode node, object usual, string reason, bool warn)
    {
        bool same = usual switch
        {
            bool flag => node.Flag() == flag,
            long number => node.Value is long value ? value == number : throw node.Wrong("an integer"),
            string[] => node.Texts().Count == 0,
            List<ConfigNode> => node.Items.Count == 0,
            _ => node.Text() is var text && (text.Length == 0 || text.Equals(usual as string, StringComparison.Ordinal)),
        };
        string said = $"{node.Origin} has no effect: {reason}";
        return same ? config
            : warn ? config with { Warnings = [.. config.Warnings, said] }
            : config with { InertKeys = [.. config.InertKeys, said] };
    }
}
