using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gantry.Transfer.Commit;

/// <summary>
/// A change of an image's config, written as a line of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER,
/// VOLUME, WORKDIR. Variables are not replaced.
/// </summary>
public sealed class ConfigChange
{
    private const int MaxLength = 64 * 1024;

    private readonly Action<JsonObject> _apply;

    private ConfigChange(string instruction, Action<JsonObject> apply)
    {
        Instruction = instruction;
        _apply = apply;
    }

    /// <summary>The instruction, in upper case.</summary>
    public string Instruction { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">Such as <c>CMD ["sh"]</c> or <c>ENV A=b</c>.</param>
    /// <exception cref="FormatException">It is malformed, or no such instruction.</exception>
    public static ConfigChange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string line = text.Trim();
        int space = line.AsSpan().IndexOfAny(' ', '\t');
        string instruction = (space < 0 ? line : line[..space]).ToUpperInvariant();
        string rest = space < 0 ? "" : line[space..].Trim();
        if (line.Length > MaxLength)
        {
            throw new FormatException($"change of {line.Length} characters: longer than {MaxLength}");
        }

        if (rest.Length == 0)
        {
            throw new FormatException($"change \"{text}\": no value");
        }

        return new ConfigChange(instruction, instruction switch
        {
            "CMD" => SetList("Cmd", Command(rest)),
            "ENTRYPOINT" => SetList("Entrypoint", Command(rest)),
            "ENV" => SetVariables(Pairs(text, rest)),
            "LABEL" => SetLabels(Pairs(text, rest)),
            "EXPOSE" => AddKeys("ExposedPorts", [.. Words(rest).Select(word => Port(text, word))]),
            "VOLUME" => AddKeys("Volumes", TryList(rest) ?? Words(rest)),
            "STOPSIGNAL" => SetText("StopSignal", rest),
            "USER" => SetText("User", rest),
            "WORKDIR" => SetDirectory(rest),
            _ => throw new FormatException($"change \"{text}\": {instruction} is no instruction of CMD, ENTRYPOINT, "
                + "ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR"),
        });
    }

    /// <summary>Applies it.</summary>
    /// <param name="config">The object <c>config</c> of an image's config.</param>
    internal void Apply(JsonObject config) => _apply(config);

    private static Action<JsonObject> SetList(string key, IReadOnlyList<string> values) =>
        config => config[key] = List(values);

    private static Action<JsonObject> SetText(string key, string value) => config => config[key] = value;

    /// <summary>A relative directory is below the one before.</summary>
    private static Action<JsonObject> SetDirectory(string value) => config =>
    {
        string before = config["WorkingDir"] is JsonValue text && text.TryGetValue(out string? directory) ? directory : "/";
        config["WorkingDir"] = Path.GetFullPath(value, before.StartsWith('/') ? before : "/");
    };

    private static Action<JsonObject> SetVariables(IReadOnlyList<(string Key, string Value)> pairs) => config =>
    {
        JsonArray list = ConfigJson.List(config, "Env");
        foreach ((string key, string value) in pairs)
        {
            JsonNode? old = list.FirstOrDefault(node =>
                node is JsonValue text && text.TryGetValue(out string? variable)
                && variable.StartsWith(key + "=", StringComparison.Ordinal));
            JsonNode changed = $"{key}={value}";
            if (old is null)
            {
                list.Add(changed);
            }
            else
            {
                list[list.IndexOf(old)] = changed;
            }
        }
    };

    private static Action<JsonObject> SetLabels(IReadOnlyList<(string Key, string Value)> pairs) => config =>
    {
        JsonObject labels = ConfigJson.Object(config, "Labels");
        foreach ((string key, string value) in pairs)
        {
            labels[key] = value;
        }
    };

    private static Action<JsonObject> AddKeys(string field, IReadOnlyList<string> keys) => config =>
    {
        JsonObject map = ConfigJson.Object(config, field);
        foreach (string key in keys)
        {
            map[key] = new JsonObject();
        }
    };

    /// <summary>A JSON list is the arguments; anything else is a line for the shell.</summary>
    private static IReadOnlyList<string> Command(string text) => TryList(text) ?? ["/bin/sh", "-c", text];

    private static IReadOnlyList<string>? TryList(string text)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. document.RootElement.EnumerateArray().Select(item => item.GetString()!)]
                : null;
        }
        catch (JsonException)
        {
            // As a Dockerfile has it: then it is a line for the shell, or words.
            return null;
        }
    }

    private static string Port(string text, string word)
    {
        string[] parts = word.Split('/');
        return parts is [_] or [_, "tcp" or "udp" or "sctp"]
            && parts[0].Split('-').All(end => ushort.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? parts.Length == 1 ? word + "/tcp" : word
            : throw new FormatException($"change \"{text}\": {word} is no port");
    }

    /// <summary><c>A=b C="d e"</c>, or <c>A rest of the line</c>.</summary>
    private static IReadOnlyList<(string Key, string Value)> Pairs(string text, string rest)
    {
        List<string> words = Words(rest);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            int space = rest.AsSpan().IndexOfAny(' ', '\t');
            return space > 0
                ? [(rest[..space], rest[space..].Trim())]
                : throw new FormatException($"change \"{text}\": not KEY=VALUE");
        }

        return
        [
            .. words.Select(word => word.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals
                ? (word[..equals], word[(equals + 1)..])
                : throw new FormatException($"change \"{text}\": {word} is not KEY=VALUE")),
        ];
    }

    /// <summary>Words, parted by blanks; quotes and backslashes keep blanks in them.</summary>
    private static List<string> Words(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        char quote = '\0';
        bool inWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c is ' ' or '\t')
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    inWord = false;
                }
            }
            else if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
                inWord = true;
            }
            else
            {
                i += c == '\\' && quote != '\'' && i + 1 < text.Length ? 1 : 0;
                word.Append(text[i]);
                inWord = true;
            }
        }

        if (quote != '\0')
        {
            throw new FormatException($"change \"{text}\": a quote is not closed");
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private static JsonArray List(IReadOnlyList<string> values)
    {
        JsonArray list = [];
        foreach (string value in values)
        {
            list.Add((JsonNode)value);
        }

        return list;
    }
}
