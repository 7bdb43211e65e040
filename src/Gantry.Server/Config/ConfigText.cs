using Gantry.Core.Errors;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Gantry.Server.Config;

/// <summary>Makes nodes of the text of a config file, each with its line.</summary>
internal sealed class ConfigText
{
    private const int MaxDepth = 32;

    private readonly string _file;
    private readonly ConfigNode _root;

    private ConfigText(string file)
    {
        _file = file;
        _root = NewTable(0, "");
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">What to call it in errors.</param>
    /// <exception cref="GantryException">InvalidArgument: it is no TOML.</exception>
    public static ConfigNode Parse(string text, string file)
    {
        DocumentSyntax document = SyntaxParser.Parse(text, file, validate: true);
        if (document.Diagnostics.FirstOrDefault(message => message.Kind is DiagnosticMessageKind.Error) is { } error)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"config {file}:{error.Span.Start.Line + 1}: {error.Message.ReplaceLineEndings(" ").Trim()}");
        }

        ConfigText reader = new(file);
        reader.Read(document);
        return reader._root;
    }

    private static int Line(SyntaxNode node) => node.Span.Start.Line + 1;

    private static string Name(BareKeyOrStringValueSyntax? key) => key switch
    {
        StringValueSyntax quoted => quoted.Value ?? "",
        BareKeySyntax bare => bare.Key?.Text ?? "",
        _ => "",
    };

    private static List<string> Names(KeySyntax key) =>
        [Name(key.Key), .. key.DotKeys.Select(dotted => Name(dotted.Key))];

    private void Read(DocumentSyntax document)
    {
        Add(_root, document.KeyValues, 0);
        foreach (TableSyntaxBase table in document.Tables)
        {
            List<string> names = Names(table.Name!);
            int line = Line(table);
            ConfigNode parent = Descend(_root, names[..^1], line);
            ConfigNode node;
            if (table is TableArraySyntax)
            {
                string path = ConfigPath.Join(parent.Origin.Path, names[^1]);
                if (!parent.Entries.TryGetValue(names[^1], out ConfigNode? list))
                {
                    list = new ConfigNode(new List<ConfigNode>(), new ConfigOrigin(_file, line, path));
                    parent.Entries[names[^1]] = list;
                }

                node = NewTable(line, path);
                list.Items.Add(node);
            }
            else
            {
                node = Descend(parent, names[^1..], line);
                if (node.HasHeader)
                {
                    throw Twice(line, node.Origin.Path);
                }

                node.HasHeader = true;
            }

            Add(node, table.Items, 0);
        }
    }

    private void Add(ConfigNode table, IEnumerable<KeyValueSyntax> entries, int depth)
    {
        foreach (KeyValueSyntax entry in entries)
        {
            List<string> names = Names(entry.Key!);
            int line = Line(entry);
            ConfigNode parent = Descend(table, names[..^1], line);
            string path = ConfigPath.Join(parent.Origin.Path, names[^1]);
            if (!parent.Entries.TryAdd(names[^1], Value(entry.Value!, line, path, depth)))
            {
                throw Twice(line, path);
            }
        }
    }

    private ConfigNode Value(ValueSyntax value, int line, string path, int depth)
    {
        ConfigOrigin origin = new(_file, line, path);
        if (depth > MaxDepth)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"config {origin} is nested too deep");
        }

        switch (value)
        {
            case StringValueSyntax text:
                return new ConfigNode(text.Value ?? "", origin);
            case IntegerValueSyntax number:
                return new ConfigNode(number.Value, origin);
            case FloatValueSyntax number:
                return new ConfigNode(number.Value, origin);
            case BooleanValueSyntax flag:
                return new ConfigNode(flag.Value, origin);
            case ArraySyntax array:
                return new ConfigNode(
                    array.Items.Select(item => Value(item.Value!, Line(item), path, depth + 1)).ToList(), origin);
            case InlineTableSyntax inline:
                ConfigNode table = NewTable(line, path);
                table.HasHeader = true;
                Add(table, inline.Items.Select(item => item.KeyValue!), depth + 1);
                return table;
            default:
                return new ConfigNode(value.ToString().Trim(), origin);
        }
    }

    /// <summary>The table at a path; of an array of tables it is the last.</summary>
    private ConfigNode Descend(ConfigNode from, IReadOnlyList<string> names, int line)
    {
        ConfigNode node = from;
        foreach (string name in names)
        {
            if (!node.Entries.TryGetValue(name, out ConfigNode? next))
            {
                next = NewTable(line, ConfigPath.Join(node.Origin.Path, name));
                node.Entries[name] = next;
            }

            node = next.Value is List<ConfigNode> { Count: > 0 } list ? list[^1] : next;
            if (!node.IsTable)
            {
                throw Twice(line, next.Origin.Path);
            }
        }

        return node;
    }

    private ConfigNode NewTable(int line, string path) =>
        new(new OrderedDictionary<string, ConfigNode>(StringComparer.Ordinal), new ConfigOrigin(_file, line, path));

    private GantryException Twice(int line, string path) =>
        new(ErrorKind.InvalidArgument, $"config {new ConfigOrigin(_file, line, path)} is there twice");
}
