using System.CommandLine;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about where the streams of a container go.</summary>
internal sealed class OutputOptions
{
    public Option<string?> LogUri { get; } = new("--log-uri")
    {
        Description = "Where output goes with -d, such as file:///var/log/web.log; without it, nowhere",
        HelpName = "uri",
    };

    public void AddTo(Command command)
    {
        command.Add(LogUri);
    }
}
