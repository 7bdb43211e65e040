using System.CommandLine;
using Gantry.Cli.Output;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about where a container stands among others.</summary>
internal sealed class CgroupOptions
{
    public Option<string?> Cgroup { get; } = new("--cgroup")
    {
        Description = "Path of the cgroup, instead of /NAMESPACE/ID; empty: as the OCI runtime likes",
        HelpName = "path",
    };

    public Option<string?> Parent { get; } = new("--cgroup-parent")
    {
        Description = "Path of the cgroup above the container's",
        HelpName = "path",
    };

    public Option<int?> OomScoreAdj { get; } = new("--oom-score-adj")
    {
        Description = "How likely the OOM killer takes it, -1000 (never) to 1000",
        HelpName = "number",
    };

    public Option<string?> RdtClass { get; } = new("--rdt-class")
    {
        Description = "Class of cache and memory bandwidth",
        HelpName = "name",
    };

    public void AddTo(Command command)
    {
        command.Add(Cgroup);
        command.Add(Parent);
        command.Add(OomScoreAdj);
        command.Add(RdtClass);
    }

    /// <exception cref="FormatException">One is malformed, or the kernel lacks what it asks for.</exception>
    public RuntimeSpec Apply(RuntimeSpec spec, ParseResult parse, string id)
    {
        string? cgroup = parse.GetValue(Cgroup);
        string? parent = parse.GetValue(Parent);
        if (cgroup is not null && parent is not null)
        {
            throw new FormatException("--cgroup and --cgroup-parent can't be used together");
        }

        if ((cgroup ?? parent ?? "").Split('/').Contains(".."))
        {
            throw new FormatException($"cgroup \"{cgroup ?? parent}\": it must not have ..");
        }

        spec = cgroup is not null ? spec.WithCgroup(cgroup)
            : parent is not null ? spec.WithCgroup($"{parent.TrimEnd('/')}/{id}")
            : spec;
        spec = parse.GetValue(OomScoreAdj) is { } value ? spec.WithOomScoreAdj(value) : spec;
        if (spec.Process?.OomScoreAdj is { } wanted && HostSecurity.LeastOomScoreAdj() is var least && wanted < least)
        {
            StandardStreams.Complain($"oom score adjustment {wanted}: {least} instead, less needs CAP_SYS_RESOURCE");
            spec = spec.WithOomScoreAdj(least);
        }

        return parse.GetValue(RdtClass) is not { } name ? spec
            : HostSecurity.HasRdt ? spec.WithRdtClass(name)
            : throw new FormatException($"rdt class \"{name}\": this machine has no resctrl filesystem mounted");
    }
}
