using Gantry.Core;
using Gantry.Core.Errors;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Gantry.Distribution.Hosts;

/// <summary>
/// Reads <c>hosts.toml</c>. Each table <c>[host."URL"]</c> is a host, in the order of the file; what stands above the
/// tables is the registry itself, which comes last.
/// </summary>
internal sealed class HostsFile
{
    private const int MaxHosts = 64;

    private readonly string _path;
    private readonly string _directory;
    private readonly HostDraft _registry = new();
    private readonly List<HostDraft> _hosts = [];

    private HostsFile(string path)
    {
        _path = path;
        _directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
    }

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">Where the file is; other paths are relative to its directory.</param>
    /// <exception cref="GantryException">InvalidArgument, with file, line and key.</exception>
    public static IReadOnlyList<HostConfig> Parse(string text, string path)
    {
        DocumentSyntax document = SyntaxParser.Parse(text, path, true);
        if (document.Diagnostics.FirstOrDefault(d => d.Kind == DiagnosticMessageKind.Error) is { } error)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"{path}:{error.Span.Start.Line + 1}: {error.Message.ReplaceLineEndings(" ")}");
        }

        HostsFile file = new(path);
        file.Read(document);
        return [.. file._hosts.Append(file._registry).Select(draft => draft.Config)];
    }

    private static string[] Parts(KeySyntax? name)
    {
        if (name?.Key is null)
        {
            return [];
        }

        return [Text(name.Key), .. name.DotKeys.Select(dot => Text(dot.Key!))];

        static string Text(BareKeyOrStringValueSyntax key) => key switch
        {
            StringValueSyntax quoted => quoted.Value ?? "",
            BareKeySyntax bare => bare.Key?.Text ?? "",
            _ => "",
        };
    }

    private void Read(DocumentSyntax document)
    {
        foreach (KeyValueSyntax pair in document.KeyValues)
        {
            Read([], pair);
        }

        foreach (TableSyntaxBase table in document.Tables)
        {
            string[] name = Parts(table.Name);
            Entry entry = new(name, null, table.Span.Start.Line + 1);
            if (table is TableArraySyntax || (name is not (["host"] or ["host", _] or ["host", _, "header"] or ["header"])))
            {
                throw Wrong(entry, "no such table is known");
            }

            if (name is ["host", var url, ..])
            {
                Draft(url, entry);
            }

            foreach (KeyValueSyntax pair in table.Items)
            {
                Read(name, pair);
            }
        }
    }

    private void Read(string[] prefix, KeyValueSyntax pair)
    {
        string[] path = [.. prefix, .. Parts(pair.Key)];
        if (pair.Value is InlineTableSyntax table)
        {
            foreach (InlineTableItemSyntax item in table.Items)
            {
                Read(path, item.KeyValue!);
            }

            return;
        }

        Entry entry = new(path, pair.Value, pair.Span.Start.Line + 1);
        switch (path)
        {
            case ["server"]:
                _registry.Server = Url(Text(entry), entry);
                _registry.Note("server", Text(entry), Source(entry));
                break;
            case ["host", var url, .. var rest]:
                Apply(Draft(url, entry), rest, entry);
                break;
            default:
                Apply(_registry, path, entry);
                break;
        }
    }

    private HostDraft Draft(string url, Entry entry)
    {
        Uri server = Url(url, entry);
        HostDraft? draft = _hosts.FirstOrDefault(h => h.Name == url);
        if (draft is null)
        {
            draft = new HostDraft { Name = url, Server = server };
            draft.Note("host", url, Source(entry));
            _hosts.Add(draft);
            if (_hosts.Count > MaxHosts)
            {
                throw Wrong(entry, $"more than {MaxHosts} hosts");
            }
        }

        return draft;
    }

    private void Apply(HostDraft draft, string[] key, Entry entry)
    {
        switch (key)
        {
            case ["capabilities"]:
                draft.Capabilities = Texts(entry).Aggregate(
                    HostCapabilities.None, (all, name) => all | Capability(name, entry));
                break;
            case ["ca"]:
                draft.CaFiles = [.. Texts(entry).Select(Full)];
                break;
            case ["client"]:
                draft.ClientCertificates = Clients(entry);
                break;
            case ["skip_verify"]:
                draft.SkipVerify = Flag(entry);
                break;
            case ["override_path"]:
                draft.OverridePath = Flag(entry);
                break;
            case ["dial_timeout"]:
                draft.DialTimeout = GoDuration.TryParse(Text(entry), out TimeSpan time) && time > TimeSpan.Zero
                    ? time
                    : throw Wrong(entry, "must be a time such as \"5s\"");
                break;
            case ["header", var name]:
                HeaderRules.Check(name, Texts(entry), reason => Wrong(entry, reason));
                draft.Headers.AddRange(Texts(entry).Select(value => KeyValuePair.Create(name, value)));
                draft.Note($"header.{name}", "(not shown)", Source(entry));
                return;
            default:
                throw Wrong(entry, "no such key is known");
        }

        draft.Note(string.Join('.', key), entry.Value!.ToString().Trim(), Source(entry));
    }

    private HostCapabilities Capability(string name, Entry entry) => name switch
    {
        "pull" => HostCapabilities.Pull,
        "resolve" => HostCapabilities.Resolve,
        "push" => HostCapabilities.Push,
        "referrers" => HostCapabilities.Referrers,
        _ => throw Wrong(entry, $"unknown capability \"{name}\", expected pull, resolve, push or referrers"),
    };

    // "cert", ["cert", …] or [["cert", "key"], …].
    private List<ClientCertificate> Clients(Entry entry)
    {
        const string Expected = "must be a file, a list of files, or a list of pairs [certificate, key]";
        if (entry.Value is StringValueSyntax one)
        {
            return [new ClientCertificate(Full(one.Value ?? ""), null)];
        }

        if (entry.Value is not ArraySyntax array)
        {
            throw Wrong(entry, Expected);
        }

        List<ClientCertificate> clients = [];
        foreach (ArrayItemSyntax item in array.Items)
        {
            string[] pair = item.Value is ArraySyntax
                ? [.. Texts(entry with { Value = item.Value })]
                : [Text(entry with { Value = item.Value }, Expected)];
            clients.Add(pair switch
            {
                [var certificate] => new ClientCertificate(Full(certificate), null),
                [var certificate, ""] => new ClientCertificate(Full(certificate), null),
                [var certificate, var key] => new ClientCertificate(Full(certificate), Full(key)),
                _ => throw Wrong(entry, Expected),
            });
        }

        return clients;
    }

    private string Full(string path) => Path.GetFullPath(path, _directory);

    private Uri Url(string text, Entry entry)
    {
        string full = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        return Uri.TryCreate(full, UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
            && url.Host.Length > 0
            && url is { UserInfo: "", Query: "", Fragment: "" }
            ? url
            : throw Wrong(entry, "must be a URL such as \"https://mirror.example:5000\", without user and query");
    }

    private bool Flag(Entry entry) =>
        entry.Value is BooleanValueSyntax flag ? flag.Value : throw Wrong(entry, "must be true or false");

    private string Text(Entry entry, string otherwise = "must be a string") =>
        entry.Value is StringValueSyntax text ? text.Value ?? "" : throw Wrong(entry, otherwise);

    private string[] Texts(Entry entry)
    {
        const string Expected = "must be a string or a list of strings";
        return entry.Value is ArraySyntax array
            ? [.. array.Items.Select(item => Text(entry with { Value = item.Value }, Expected))]
            : [Text(entry, Expected)];
    }

    private string Source(Entry entry) => $"{_path}:{entry.Line}";

    private GantryException Wrong(Entry entry, string reason)
    {
        string key = string.Join('.', entry.Key.Select(part => BareKeySyntax.IsBareKey(part) ? part : $"\"{part}\""));
        return new GantryException(ErrorKind.InvalidArgument, $"{Source(entry)}: {key}: {reason}");
    }

    private sealed record Entry(string[] Key, ValueSyntax? Value, int Line);
}
