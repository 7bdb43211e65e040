using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>The values of <c>--mount</c> and <c>--volume</c>.</summary>
internal static class MountOption
{
    /// <summary><c>type=bind,src=/a,dst=/b,options=rbind:ro</c>.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static SpecMount Parse(string text)
    {
        string type = "";
        string source = "";
        string destination = "";
        List<string> options = [];
        foreach (string field in text.Split(','))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? field : field[..equals];
            string value = equals < 0 ? "" : field[(equals + 1)..];
            switch (key)
            {
                case "type":
                    type = value;
                    break;
                case "source" or "src":
                    source = value;
                    break;
                case "destination" or "dst" or "target":
                    destination = value;
                    break;
                case "options":
                    options.AddRange(value.Split(':', StringSplitOptions.RemoveEmptyEntries));
                    break;
                case "readonly" or "ro" when value is "" or "true" or "1":
                    options.Add("ro");
                    break;
                case "readonly" or "ro" when value is "false" or "0":
                    break;
                case "bind-propagation":
                    options.Add(value);
                    break;
                case "tmpfs-size":
                    options.Add($"size={value}");
                    break;
                case "tmpfs-mode":
                    options.Add($"mode={value}");
                    break;
                default:
                    throw new FormatException($"mount \"{text}\": mount option \"{key}\" not supported");
            }
        }

        return Make(text, type.Length > 0 ? type : "bind", source, destination, options);
    }

    /// <summary><c>/a:/b</c> or <c>/a:/b:ro</c>.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static SpecMount ParseVolume(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length is 2 or 3
            ? Make(
                text,
                "bind",
                parts[0],
                parts[1],
                parts.Length == 3 ? [.. parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries)] : [])
            : throw new FormatException($"volume \"{text}\": not SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS");
    }

    /// <summary><c>/a</c> or <c>/a:size=64m,mode=1777</c>.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static SpecMount ParseTmpfs(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string[] options = colon < 0 ? [] : text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries);
        return Make(
            text, "tmpfs", "tmpfs", colon < 0 ? text : text[..colon], ["noexec", "nosuid", "nodev", .. options]);
    }

    private static SpecMount Make(
        string text,
        string type,
        string source,
        string destination,
        List<string> options)
    {
        if (!destination.StartsWith('/'))
        {
            throw new FormatException($"mount \"{text}\": destination \"{destination}\" is not an absolute path");
        }

        if (type == "bind")
        {
            if (source.Length == 0)
            {
                throw new FormatException($"mount \"{text}\": a bind mount needs a source");
            }

            source = Path.GetFullPath(source);
            if (!Path.Exists(source))
            {
                throw new FormatException($"mount \"{text}\": source {source} does not exist");
            }

            if (!options.Contains("bind") && !options.Contains("rbind"))
            {
                options.Insert(0, "rbind");
            }
        }

        return new SpecMount
        {
            Destination = destination,
            Type = type,
            Source = source.Length > 0 ? source : type,
            Options = options.Count > 0 ? options : null,
        };
    }
}
