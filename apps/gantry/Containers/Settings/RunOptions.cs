using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>The options of <c>gantry run</c> and <c>gantry create</c>, in groups.</summary>
internal sealed class RunOptions
{
    public Argument<string?> Image { get; } = new("image")
    {
        Description = "Image to run; it is pulled if it is not there",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Argument<string[]> Args { get; } = new("command")
    {
        Description = "Command to run instead of the image's",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public Option<bool> Remove { get; } = new("--rm") { Description = "Remove the container when it has ended" };

    public Option<string?> Config { get; } = new("--config", "-c")
    {
        Description = "File with the whole spec, which is used as it is",
        HelpName = "file",
    };

    public Option<string?> Hooks { get; } = new("--hooks")
    {
        Description = "File with the spec's hooks, an object with a list for each kind",
        HelpName = "file",
    };

    public ProcessOptions Process { get; } = new();

    public RecordOptions Record { get; } = new();

    public FilesystemOptions Filesystem { get; } = new();

    public NamespaceOptions Namespaces { get; } = new();

    public UserNamespaceOptions Users { get; } = new();

    public SecurityOptions Security { get; } = new();

    public ResourceOptions Resources { get; } = new();

    public CgroupOptions Cgroup { get; } = new();

    public OutputOptions Output { get; } = new();

    public RestartOptions Restart { get; } = new();

    public RuntimeOptions Runtime { get; } = new();

    public PullOptions Pull { get; } = new();

    /// <summary>Adds those of <c>run</c>.</summary>
    public void AddTo(Command command)
    {
        AddSpecTo(command);
        command.Add(Remove);
        command.Add(Process.Detach);
        command.Add(Process.Interactive);
        Output.AddTo(command);
    }

    /// <summary>Adds those that say what the container is.</summary>
    public void AddSpecTo(Command command)
    {
        command.Add(Image);
        command.Add(Args);
        Process.AddSpecTo(command);
        command.Add(Config);
        command.Add(Hooks);
        Record.AddTo(command);
        Filesystem.AddTo(command);
        Namespaces.AddTo(command);
        Users.AddTo(command);
        Security.AddTo(command);
        Resources.AddTo(command);
        Restart.AddTo(command);
        Cgroup.AddTo(command);
        Runtime.AddTo(command);
        Pull.AddTo(command);
    }

    /// <summary>What the options ask of the spec. Nothing is made yet.</summary>
    /// <exception cref="FormatException">One is malformed.</exception>
    public async Task<SpecOptions> ToSpecOptionsAsync(Session session, ParseResult parse, string id)
    {
        if (parse.GetValue(Image) is null && parse.GetValue(Config) is null)
        {
            throw new FormatException("which image? (see gantry run --help)");
        }

        if (parse.GetValue(Filesystem.Rootfs) && parse.GetValue(Config) is not null)
        {
            throw new FormatException("--rootfs and --config can't be used together: the config names its root");
        }

        Func<RuntimeSpec, RuntimeSpec> namespaces = await Namespaces.ResolveAsync(session, parse);
        UserNamespaceRanges? users = Users.Ranges(parse);
        SpecHooks? hooks = parse.GetValue(Hooks) is { } file
            ? RuntimeSpecJson.ReadHooks(SmallFile.Read("hooks", file))
            : null;
        ResourceLimits limits = Resources.ToLimits(parse);
        return new SpecOptions
        {
            Args = parse.GetValue(Args) ?? [],
            Env = [.. Process.Environment(parse), .. Namespaces.Environment(parse)],
            Cwd = parse.GetValue(Process.Cwd),
            Terminal = parse.GetValue(Process.Tty),
            Edit = spec =>
            {
                spec = Filesystem.Apply(spec, parse);
                spec = users is null ? spec : spec.WithUserNamespace(users.Uids, users.Gids);

                // Privileges open what mounts there are, and the network of the host adds some.
                spec = Security.Apply(spec, parse);
                spec = namespaces(spec);
                spec = Record.Apply(spec, parse);
                spec = Cgroup.Apply(spec.WithLimits(limits), parse, id);
                spec = hooks is null ? spec : spec.WithHooks(hooks);
                return Filesystem.ApplyDevices(spec, parse);
            },
        };
    }
}
