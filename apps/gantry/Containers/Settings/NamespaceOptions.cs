using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core.Errors;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the namespaces of a container.</summary>
internal sealed class NamespaceOptions
{
    private const string Host = "host";
    private const string ContainerPrefix = "container:";
    private const string PathPrefix = "ns:";

    public Option<bool> NetHost { get; } = new("--net-host") { Description = "Share the network of the host" };

    public Option<string?> Network { get; } = Choice("--network", "net", "host, none", "--net");

    public Option<string?> Pid { get; } = Choice("--pid", "pid", "host, private");

    public Option<string?> Ipc { get; } = Choice("--ipc", "ipc", "host, private");

    public Option<string?> Uts { get; } = Choice("--uts", "uts", "host, private");

    public Option<string?> Cgroup { get; } = Choice("--cgroupns", "cgroup", "host, private");

    public Option<string[]> Join { get; } = Repeated.Option(
        "--with-ns", "namespace", "Namespace to join, such as network:/run/netns/blue");

    public Option<string?> Hostname { get; } = new("--hostname")
    {
        Description = "Host name of the container",
        HelpName = "name",
    };

    public Option<string?> Domainname { get; } = new("--domainname")
    {
        Description = "NIS domain name of the container",
        HelpName = "name",
    };

    public Option<string[]> Sysctls { get; } = Repeated.Option(
        "--sysctl", "parameter", "Kernel parameter of a namespace, such as net.ipv4.ip_forward=1");

    public void AddTo(Command command)
    {
        command.Add(NetHost);
        command.Add(Network);
        command.Add(Pid);
        command.Add(Ipc);
        command.Add(Uts);
        command.Add(Cgroup);
        command.Add(Join);
        command.Add(Hostname);
        command.Add(Domainname);
        command.Add(Sysctls);
    }

    /// <summary>Variables that come with the namespaces: with the network of the host goes its name.</summary>
    public IReadOnlyList<string> Environment(ParseResult parse) => HasHostNetwork(parse)
        ? [$"HOSTNAME={parse.GetValue(Hostname) ?? System.Environment.MachineName}"]
        : [];

    /// <summary>Looks up the containers that are named, and gives what changes the spec.</summary>
    /// <exception cref="FormatException">An option is malformed.</exception>
    /// <exception cref="GantryException">A container is not there, or does not run.</exception>
    public async Task<Func<RuntimeSpec, RuntimeSpec>> ResolveAsync(Session session, ParseResult parse)
    {
        List<Func<RuntimeSpec, RuntimeSpec>> edits = [];
        (Option<string?> Option, string Type)[] choices =
            [(Network, "network"), (Pid, "pid"), (Ipc, "ipc"), (Uts, "uts"), (Cgroup, "cgroup")];
        foreach ((Option<string?> option, string type) in choices)
        {
            if (option != Network && parse.GetValue(option) is { } value
                || option == Network && (value = parse.GetValue(option)!) is not null and not Host)
            {
                edits.Add(await EditAsync(session, option.Name, type, value));
            }
        }

        if (HasHostNetwork(parse))
        {
            edits.Insert(0, spec => spec.WithHostNetwork());
        }

        foreach (string join in parse.GetValue(Join)!)
        {
            int colon = join.IndexOf(':', StringComparison.Ordinal);
            string path = colon < 0 ? "" : join[(colon + 1)..];
            if (!path.StartsWith('/'))
            {
                throw new FormatException($"--with-ns \"{join}\": not TYPE:PATH with an absolute path");
            }

            edits.Add(spec => spec.WithNamespace(join[..colon], Existing("--with-ns", path)));
        }

        return spec => Names(edits.Aggregate(spec, (s, edit) => edit(s)), parse)
            .WithSysctls(KeyValues.Parse("sysctl", parse.GetValue(Sysctls)!));
    }

    private bool HasHostNetwork(ParseResult parse) => parse.GetValue(NetHost) || parse.GetValue(Network) is Host;

    private RuntimeSpec Names(RuntimeSpec spec, ParseResult parse)
    {
        string? hostname = parse.GetValue(Hostname);
        string? domainname = parse.GetValue(Domainname);
        bool own = spec.Linux!.Namespaces!.Any(n => n is { Type: "uts", Path: null });
        return (hostname ?? domainname) is null || own
            ? (spec with { Hostname = hostname }).WithSysctls(Domain(domainname))
            : throw new FormatException("--hostname and --domainname need a uts namespace of the container's own");
    }

    /// <summary>The parameter behind the name: OCI runtimes of old do not know the spec's field.</summary>
    private static Dictionary<string, string> Domain(string? name) =>
        name is null ? [] : new() { ["kernel.domainname"] = name };

    private static async Task<Func<RuntimeSpec, RuntimeSpec>> EditAsync(
        Session session,
        string option,
        string type,
        string value)
    {
        if (value is "private" or "none")
        {
            return spec => spec.WithNamespace(type);
        }

        if (value == Host)
        {
            return type == "ipc"
                ? spec => spec.WithHostIpc()
                : spec => spec.WithHostNamespace(type);
        }

        if (value.StartsWith(PathPrefix, StringComparison.Ordinal))
        {
            return spec => spec.WithNamespace(type, Existing(option, value[PathPrefix.Length..]));
        }

        if (!value.StartsWith(ContainerPrefix, StringComparison.Ordinal))
        {
            throw new FormatException($"{option} \"{value}\": not host, private, container:ID or ns:PATH");
        }

        string process = await ProcessOfAsync(session, value[ContainerPrefix.Length..]);
        string path = $"{process}/ns/{(type == "network" ? "net" : type)}";
        return spec => spec.WithNamespace(type, path);
    }

    private static async Task<string> ProcessOfAsync(Session session, string id)
    {
        ProcessState state = await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
        return state.Status is ProcessStatus.Running or ProcessStatus.Paused
            ? string.Create(CultureInfo.InvariantCulture, $"/proc/{state.ProcessId}")
            : throw new GantryException(
                ErrorKind.FailedPrecondition, $"container \"{id}\": it does not run, its namespaces can't be joined");
    }

    private static string Existing(string option, string path) => File.Exists(path)
        ? path
        : throw new FormatException($"{option}: there is no namespace {path}");

    private static Option<string?> Choice(string name, string what, string words, params string[] aliases) =>
        new(name, aliases)
        {
            Description = $"Whose {what} namespace: {words}, container:ID or ns:PATH",
            HelpName = "whose",
        };
}
