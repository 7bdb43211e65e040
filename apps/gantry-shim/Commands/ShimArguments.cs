using System.Globalization;
using Gantry.Shim.Logging;

namespace Gantry.Shim.Commands;

/// <summary>
/// The command line of a shim: flags as Go's package flag takes them (<c>-id x</c>, <c>--id=x</c>, <c>-debug</c>,
/// <c>-debug=false</c>), then the action.
/// </summary>
internal sealed record ShimArguments
{
    public const string ProgramName = "containerd-shim-gantry-v1";

    private const int IdentifierLimit = 76;

    public ShimAction Action { get; private init; } = ShimAction.Serve;

    public string Namespace { get; private set; } = "";

    public string Id { get; private set; } = "";

    /// <summary>The daemon's gRPC socket.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The daemon's program, whose command <c>publish</c> takes events.</summary>
    public string PublishBinary { get; private set; } = "containerd";

    public string Bundle { get; private set; } = "";

    /// <summary>Where to listen, if the caller chooses.</summary>
    public string Socket { get; private set; } = "";

    public bool Debug { get; private set; }

    private bool Version { get; set; }

    private bool Info { get; set; }

    public static ShimArguments Parse(IReadOnlyList<string> args)
    {
        ShimArguments result = new();
        int i = 0;
        for (; i < args.Count && args[i].Length > 1 && args[i][0] == '-'; i++)
        {
            if (args[i] is "--")
            {
                i++;
                break;
            }

            string flag = args[i].TrimStart('-');
            int equals = flag.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? flag : flag[..equals];
            string? value = equals < 0 ? null : flag[(equals + 1)..];
            if (!result.TrySetSwitch(name, value))
            {
                value ??= ++i < args.Count ? args[i] : throw new ShimUsageException($"flag needs an argument: -{name}");
                result.SetText(name, value);
            }
        }

        return result.With(i < args.Count ? args[i] : "");
    }

    private ShimArguments With(string action)
    {
        if (Version || Info)
        {
            return this with { Action = Version ? ShimAction.Version : ShimAction.Info };
        }

        CheckIdentifier("namespace", Namespace);
        CheckIdentifier("id", Id);
        return this with
        {
            Action = action switch
            {
                "start" => ShimAction.Start,
                "delete" => ShimAction.Delete,
                "" or "serve" => ShimAction.Serve,
                _ => throw new ShimUsageException($"unknown action {action}"),
            },
        };
    }

    private bool TrySetSwitch(string name, string? value)
    {
        bool on = value is null or "true" or "1" or "t" or "T" or "TRUE" or "True";
        switch (name)
        {
            case "debug":
                Debug = on;
                return true;
            case "v" or "version":
                Version = on;
                return true;
            case "info":
                Info = on;
                return true;
            default:
                return false;
        }
    }

    private void SetText(string name, string value)
    {
        switch (name)
        {
            case "namespace":
                Namespace = value;
                break;
            case "id":
                Id = value;
                break;
            case "address":
                Address = value;
                break;
            case "publish-binary":
                PublishBinary = value;
                break;
            case "bundle":
                Bundle = value;
                break;
            case "socket":
                Socket = value;
                break;
            default:
                throw new ShimUsageException($"flag provided but not defined: -{name}");
        }
    }

    /// <summary>Both become names of directories.</summary>
    private static void CheckIdentifier(string what, string value)
    {
        if (value.Length == 0)
        {
            throw new ShimUsageException($"shim {what} cannot be empty");
        }

        bool legal = value.Length <= IdentifierLimit && char.IsAsciiLetterOrDigit(value[0])
            && char.IsAsciiLetterOrDigit(value[^1]);
        for (int i = 1; legal && i < value.Length; i++)
        {
            bool separator = value[i] is '.' or '_' or '-';
            legal = separator ? char.IsAsciiLetterOrDigit(value[i - 1]) : char.IsAsciiLetterOrDigit(value[i]);
        }

        if (!legal)
        {
            throw new ShimUsageException(string.Create(CultureInfo.InvariantCulture, $"shim {what} {value}: invalid"));
        }
    }
}
