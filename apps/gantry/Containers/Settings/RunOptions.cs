using System.CommandLine;
using Gantry.Cli.Images;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>The options of <c>gantry run</c>, in groups.</summary>
internal sealed class RunOptions
{
    public Argument<string> Image { get; } = new("image")
    {
        Description = "Image to run; it is pulled if it is not there",
    };

    public Argument<string[]> Args { get; } = new("command")
    {
        Description = "Command to run instead of the image's",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public Option<bool> Remove { get; } = new("--rm") { Description = "Remove the container when it has ended" };

    public ProcessOptions Process { get; } = new();

    public RecordOptions Record { get; } = new();

    public FilesystemOptions Filesystem { get; } = new();

    public NamespaceOptions Namespaces { get; } = new();

    public SecurityOptions Security { get; } = new();

    public ResourceOptions Resources { get; } = new();

    public OutputOptions Output { get; } = new();

    public RestartOptions Restart { get; } = new();

    public RuntimeOptions Runtime { get; } = new();

    public PullOptions Pull { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(Image);
        command.Add(Args);
        command.Add(Remove);
        Process.AddTo(command);
        Record.AddTo(command);
        Filesystem.AddTo(command);
        Namespaces.AddTo(command);
        Security.AddTo(command);
        Resources.AddTo(command);
        Output.AddTo(command);
        Restart.AddTo(command);
        Runtime.AddTo(command);
        Pull.AddTo(command);
    }

    /// <summary>What the options ask of the spec.</summary>
    /// <exception cref="FormatException">One is malformed.</exception>
    public SpecOptions ToSpecOptions(ParseResult parse)
    {
        SpecOptions options = new()
        {
            Args = parse.GetValue(Args) ?? [],
            Env = Process.Environment(parse),
            Cwd = parse.GetValue(Process.Cwd),
            Terminal = parse.GetValue(Process.Tty),
        };
        options = Filesystem.Apply(options, parse);
        options = Namespaces.Apply(options, parse);
        options = Security.Apply(options, parse);
        return Resources.Apply(options, parse);
    }
}
