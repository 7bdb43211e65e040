using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers;

/// <summary>The options of <c>gantry run</c>.</summary>
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

    public ProcessOptions Process { get; } = new();

    public Option<bool> Remove { get; } = new("--rm") { Description = "Remove the container when it has ended" };

    public Option<string?> Name { get; } = new("--name")
    {
        Description = "Id of the container; made up if absent",
        HelpName = "id",
    };

    public Option<string[]> Mounts { get; } = new("--mount")
    {
        Description = "Mount, type=bind,src=/a,dst=/b,options=rbind:ro; may be repeated",
        HelpName = "mount",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    public Option<string[]> Volumes { get; } = new("--volume", "-v")
    {
        Description = "Bind mount, /a:/b or /a:/b:ro; may be repeated",
        HelpName = "volume",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    public Option<string[]> Labels { get; } = new("--label")
    {
        Description = "Label of the container, key=value; may be repeated",
        HelpName = "label",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

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

    public Option<string> Runtime { get; } = new("--runtime")
    {
        Description = "Runtime",
        HelpName = "name",
        DefaultValueFactory = _ => "io.containerd.runc.v2",
    };

    public Option<string?> RuncBinary { get; } = new("--runc-binary")
    {
        Description = "OCI runtime for the shim to use, such as crun",
        HelpName = "program",
    };

    public Option<string> Snapshotter { get; } = GlobalOptions.Snapshotter();

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "Make the root filesystem read-only" };

    public Option<bool> NetHost { get; } = new("--net-host") { Description = "Share the network of the host" };

    public Option<string?> Hostname { get; } = new("--hostname")
    {
        Description = "Host name of the container",
        HelpName = "name",
    };

    public Option<string?> LogUri { get; } = new("--log-uri")
    {
        Description = "Where output goes with -d, such as file:///var/log/web.log; without it, nowhere",
        HelpName = "uri",
    };

    public Option<bool> AllowNewPrivileges { get; } = new("--allow-new-privs")
    {
        Description = "Let set-user-id programs gain privileges",
    };

    public PullOptions Pull { get; } = new();

    public void AddTo(Command command)
    {
        command.Add(Image);
        command.Add(Args);
        command.Add(Remove);
        Process.AddTo(command);
        command.Add(Name);
        command.Add(Mounts);
        command.Add(Volumes);
        command.Add(Labels);
        command.Add(Memory);
        command.Add(Cpus);
        command.Add(Runtime);
        command.Add(RuncBinary);
        command.Add(Snapshotter);
        command.Add(ReadOnly);
        command.Add(NetHost);
        command.Add(Hostname);
        command.Add(LogUri);
        command.Add(AllowNewPrivileges);
        Pull.AddTo(command);
    }

    /// <summary>What the options ask of the spec.</summary>
    /// <exception cref="FormatException">One is malformed.</exception>
    public SpecOptions ToSpecOptions(ParseResult parse)
    {
        bool hostNetwork = parse.GetValue(NetHost);
        string? hostname = parse.GetValue(Hostname);
        IReadOnlyList<string> env = Process.Environment(parse);
        return new SpecOptions
        {
            Args = parse.GetValue(Args) ?? [],

            // With the network of the host goes its name.
            Env = hostNetwork ? [.. env, $"HOSTNAME={hostname ?? Environment.MachineName}"] : env,
            Cwd = parse.GetValue(Process.Cwd),
            Terminal = parse.GetValue(Process.Tty),
            Hostname = hostname,
            ReadOnlyRoot = parse.GetValue(ReadOnly),
            HostNetwork = hostNetwork,
            Mounts =
            [
                .. (parse.GetValue(Mounts) ?? []).Select(MountOption.Parse),
                .. (parse.GetValue(Volumes) ?? []).Select(MountOption.ParseVolume),
            ],
            MemoryBytes = parse.GetValue(Memory),
            Cpus = parse.GetValue(Cpus),
            AllowNewPrivileges = parse.GetValue(AllowNewPrivileges),
        };
    }
}
