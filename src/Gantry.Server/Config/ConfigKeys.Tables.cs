using Gantry.Archive.Processors;
using Gantry.Core.Errors;

namespace Gantry.Server.Config;

/// <content>Tables of tables whose names are free.</content>
internal static partial class ConfigKeys
{
    private const string TextArray = "array of strings";
    private const int MaxEntries = 64;

    private static ConfigKey[] TableKeys() =>
    [
        new ConfigKey(Top, "proxy_plugins", "table of tables", "Parts that other programs provide on a socket of theirs.",
            c => WriteAll(c.ProxyPlugins, proxy => proxy.Name, Write),
            (c, node) => c with { ProxyPlugins = ReadAll(node, ReadProxy) })
        {
            Fields =
            [
                new("type", "\"snapshot\", \"content\" or \"diff\"", "", "What it is."),
                new("address", "string", "", "The path of its Unix socket."),
                new("remote_name", "string", "its name", "What it is called there."),
                new("platform", "string", "this machine's", "What it is for, such as linux/arm64."),
                new("capabilities", TextArray, "[]", "What clients are told that it can do."),
                new("exports", "table of strings", "{}", "What clients are told of it."),
            ],
        },
        new ConfigKey(Top, "stream_processors", "table of tables", "Programs that make layers of media types that are not built in.",
            c => WriteAll(c.StreamProcessors, processor => processor.Id, Write),
            (c, node) => c with { StreamProcessors = ReadAll(node, ReadProcessor) })
        {
            Fields =
            [
                new("accepts", TextArray, "[]", "The media types that it takes."),
                new("returns", "string", "", "The media type that it makes of them."),
                new("path", "string", "", "The program."),
                new("args", TextArray, "[]", "Its arguments."),
                new("env", TextArray, "[]", "Its environment, as NAME=value."),
            ],
        },
    ];

    private static ConfigNode WriteAll<T>(IEnumerable<T> records, Func<T, string> name, Func<T, ConfigNode> write)
    {
        ConfigNode table = new();
        foreach (T record in records)
        {
            table.Entries[name(record)] = write(record);
        }

        return table;
    }

    private static List<T> ReadAll<T>(ConfigNode table, Func<string, ConfigNode, T> read) =>
        table.Entries.Count > MaxEntries
            ? throw table.Wrong($"of no more than {MaxEntries} tables")
            : [.. table.Entries.Select(entry => read(entry.Key, entry.Value))];

    private static ConfigNode Write(StreamProcessor processor) => Fields(
        ("accepts", ConfigNode.Of(processor.Accepts)),
        ("returns", ConfigNode.Of(processor.Returns)),
        ("path", ConfigNode.Of(processor.Path)),
        ("args", ConfigNode.Of(processor.Arguments)),
        ("env", ConfigNode.Of(processor.Environment)));

    private static StreamProcessor ReadProcessor(string id, ConfigNode table) => new(
        id, TextsOf(table, "accepts"), table.Needed("returns").Text(), table.Needed("path").Text())
    {
        Arguments = TextsOf(table, "args"),
        Environment = TextsOf(table, "env"),
    };

    private static ConfigNode Write(ProxyPluginConfig proxy) => Fields(
        ("type", ConfigNode.Of(proxy.Type)),
        ("address", ConfigNode.Of(proxy.Address)),
        ("remote_name", ConfigNode.Of(proxy.RemoteName)),
        ("platform", ConfigNode.Of(proxy.Platform)),
        ("capabilities", ConfigNode.Of(proxy.Capabilities)),
        ("exports", ConfigNode.Of(proxy.Exports)));

    private static ProxyPluginConfig ReadProxy(string name, ConfigNode table)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"config {table.Origin}: no name \"{name}\"");
        }

        ConfigNode type = table.Needed("type");
        return new ProxyPluginConfig(name, ProxyType(type), table.Needed("address").Text())
        {
            RemoteName = table.Find("remote_name")?.Text() is { Length: > 0 } remote ? remote : name,
            Platform = table.Find("platform")?.Text() ?? "",
            Capabilities = TextsOf(table, "capabilities"),
            Exports = table.Find("exports") is { } exports
                ? exports.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Text(), StringComparer.Ordinal)
                : new Dictionary<string, string>(StringComparer.Ordinal),
        };
    }

    // A type may be told by the name of the plug-in's type as well.
    private static string ProxyType(ConfigNode type) => type.Text() switch
    {
        DaemonConfig.SnapshotterType => "snapshot",
        "io.containerd.content.v1" => "content",
        "io.containerd.differ.v1" => "diff",
        "io.containerd.sandbox.controller.v1" => "sandbox",
        "snapshot" or "content" or "diff" or "sandbox" => type.Text(),
        string other => throw new GantryException(ErrorKind.InvalidArgument, $"config {type.Origin}: no type \"{other}\""),
    };

    private static IReadOnlyList<string> TextsOf(ConfigNode table, string key) => table.Find(key)?.Texts() ?? [];

    private static ConfigNode Fields(params ReadOnlySpan<(string Key, ConfigNode Value)> fields)
    {
        ConfigNode table = new();
        foreach ((string key, ConfigNode value) in fields)
        {
            table.Entries[key] = value;
        }

        return table;
    }
}
