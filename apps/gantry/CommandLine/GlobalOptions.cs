using System.CommandLine;
using Gantry.Client;

namespace Gantry.Cli.CommandLine;

/// <summary>Options that every command has.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string> Address = new("--address", "-a")
    {
        Description = "Socket of the daemon (or GANTRY_ADDRESS, CONTAINERD_ADDRESS)",
        HelpName = "path",
        Recursive = true,
        DefaultValueFactory = _ => FromEnvironment(GantryClientOptions.DefaultSocketPath, "GANTRY_ADDRESS", "CONTAINERD_ADDRESS"),
    };

    public static readonly Option<string> Namespace = new("--namespace", "-n")
    {
        Description = "Namespace to work in (or CONTAINERD_NAMESPACE)",
        HelpName = "name",
        Recursive = true,
        DefaultValueFactory = _ => FromEnvironment("default", "CONTAINERD_NAMESPACE"),
    };

    public static readonly Option<TimeSpan> Timeout = new("--timeout")
    {
        Description = "Give up after this time, such as 30s; 0: never",
        HelpName = "time",
        Recursive = true,
        CustomParser = Values.Duration,
    };

    public static readonly Option<TimeSpan> ConnectTimeout = new("--connect-timeout")
    {
        Description = "How long the daemon may take to answer at first (10s)",
        HelpName = "time",
        Recursive = true,
        CustomParser = Values.Duration,
    };

    public static void AddTo(RootCommand root)
    {
        root.Add(Address);
        root.Add(Namespace);
        root.Add(Timeout);
        root.Add(ConnectTimeout);
    }

    /// <summary>The option <c>--format</c> of commands that list.</summary>
    public static Option<string> Format()
    {
        Option<string> format = new("--format")
        {
            Description = "table or json",
            HelpName = "format",
            DefaultValueFactory = _ => "table",
        };
        format.AcceptOnlyFromAmong("table", "json");
        return format;
    }

    /// <summary>The option <c>--snapshotter</c>.</summary>
    public static Option<string> Snapshotter() => new("--snapshotter")
    {
        Description = "Snapshotter of the root filesystem (or CONTAINERD_SNAPSHOTTER)",
        HelpName = "name",
        DefaultValueFactory = _ => FromEnvironment("overlayfs", "CONTAINERD_SNAPSHOTTER"),
    };

    private static string FromEnvironment(string fallback, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                return value;
            }
        }

        return fallback;
    }
}
