using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the container's record: its id and its labels.</summary>
internal sealed class RecordOptions
{
    public Option<string?> Name { get; } = new("--name")
    {
        Description = "Id of the container; made up if absent",
        HelpName = "id",
    };

    public Option<string[]> Labels { get; } = Repeated.Option("--label", "label", "Label of the container, key=value");

    public void AddTo(Command command)
    {
        command.Add(Name);
        command.Add(Labels);
    }
}
