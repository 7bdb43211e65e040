using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about what a container may use.</summary>
internal sealed class ResourceOptions
{
    public Option<long?> Memory { get; } = new("--memory", "-m", "--memory-limit")
    {
        Description = "Limit of memory, such as 64m",
        HelpName = "size",
        CustomParser = Values.Size,
    };

    public Option<double?> Cpus { get; } = new("--cpus")
    {
        Description = "Limit of processors, such as 0.5",
        HelpName = "number",
        CustomParser = Values.Processors,
    };

    public void AddTo(Command command)
    {
        command.Add(Memory);
        command.Add(Cpus);
    }

    public SpecOptions Apply(SpecOptions options, ParseResult parse) => options with
    {
        MemoryBytes = parse.GetValue(Memory),
        Cpus = parse.GetValue(Cpus),
    };
}
