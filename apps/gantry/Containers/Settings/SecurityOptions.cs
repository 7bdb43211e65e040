using System.CommandLine;
using System.Runtime.InteropServices;
using Gantry.Cli.CommandLine;
using Gantry.Client.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about what the processes of a container may do.</summary>
internal sealed class SecurityOptions
{
    public Option<bool> Privileged { get; } = new("--privileged")
    {
        Description = "All capabilities and devices, no masked paths, no filter of system calls",
    };

    public Option<string[]> AddCapabilities { get; } = Repeated.Option(
        "--cap-add", "capability", "Capability to add, such as CAP_NET_ADMIN, or ALL");

    public Option<string[]> DropCapabilities { get; } = Repeated.Option(
        "--cap-drop", "capability", "Capability to take away, or ALL");

    public Option<bool> Seccomp { get; } = new("--seccomp")
    {
        Description = "Filter system calls by the default profile",
    };

    public Option<string?> SeccompProfile { get; } = new("--seccomp-profile")
    {
        Description = "Filter system calls by the profile of a file",
        HelpName = "file",
    };

    public Option<string?> ApparmorProfile { get; } = new("--apparmor-profile", "--apparmor-default-profile")
    {
        Description = "AppArmor profile, which is loaded",
        HelpName = "name",
    };

    public Option<bool> AllowNewPrivileges { get; } = new("--allow-new-privs")
    {
        Description = "Let set-user-id programs gain privileges",
    };

    public Option<string[]> Options { get; } = Repeated.Option(
        "--security-opt",
        "option",
        "seccomp=FILE|default|unconfined, apparmor=NAME, label=LABEL|disable, no-new-privileges[=false], "
            + "systempaths=unconfined, mask=PATHS, unmask=PATHS|ALL or readonly=PATHS");

    public Option<string[]> Limits { get; } = Repeated.Option(
        "--ulimit", "limit", "Resource limit, NAME=SOFT[:HARD], such as nofile=1024:4096", "--rlimit");

    public void AddTo(Command command)
    {
        command.Add(Privileged);
        command.Add(AddCapabilities);
        command.Add(DropCapabilities);
        command.Add(Seccomp);
        command.Add(SeccompProfile);
        command.Add(ApparmorProfile);
        command.Add(AllowNewPrivileges);
        command.Add(Options);
        command.Add(Limits);
    }

    /// <exception cref="FormatException">One is malformed, or the kernel lacks what it asks for.</exception>
    public RuntimeSpec Apply(RuntimeSpec spec, ParseResult parse)
    {
        if (parse.GetValue(Privileged))
        {
            spec = spec.WithPrivileges(HostSecurity.Capabilities(), HostDevices.All());
        }

        string[] add = parse.GetValue(AddCapabilities)!;
        string[] drop = parse.GetValue(DropCapabilities)!;
        if (add.Length + drop.Length > 0)
        {
            spec = spec.WithCapabilities(LinuxCapabilities.Adjust(
                spec.Process!.Capabilities?.Bounding ?? [], HostSecurity.Capabilities(), add, drop));
        }

        spec = parse.GetValue(SeccompProfile) is { } file ? spec.WithSeccomp(Profile(spec, file))
            : parse.GetValue(Seccomp) ? spec.WithSeccomp(Default(spec))
            : spec;
        spec = parse.GetValue(ApparmorProfile) is { } profile ? WithApparmor(spec, profile) : spec;
        spec = parse.GetValue(AllowNewPrivileges) ? spec.WithNoNewPrivileges(false) : spec;
        spec = parse.GetValue(Options)!.Aggregate(spec, Apply);
        return spec.WithRlimits([.. parse.GetValue(Limits)!.Select(RlimitText.Parse)]);
    }

    private static RuntimeSpec Apply(RuntimeSpec spec, string option)
    {
        int end = option.IndexOfAny(['=', ':']);
        string key = end < 0 ? option : option[..end];
        string value = end < 0 ? "" : option[(end + 1)..];
        return (key, value) switch
        {
            ("no-new-privileges", "" or "true" or "false") => spec.WithNoNewPrivileges(value != "false"),
            ("seccomp", "unconfined") => spec.WithSeccomp(null),
            ("seccomp", not "") => spec.WithSeccomp(Profile(spec, value)),
            ("apparmor", not "") => WithApparmor(spec, value),
            ("label", "disable") => spec,
            ("label", not "") => HostSecurity.HasSelinux
                ? spec.WithSelinuxLabel(value)
                : throw new FormatException($"selinux label \"{value}\": this kernel has no SELinux"),
            ("systempaths", "unconfined") or ("unmask", "ALL" or "all") => spec.WithoutGuardedPaths(),
            ("mask", not "") => spec.WithGuardedPaths(value.Split(':'), []),
            ("unmask", not "") => spec.WithoutGuardOf(value.Split(':')),
            ("readonly", not "") => spec.WithGuardedPaths([], value.Split(':')),
            _ => throw new FormatException($"--security-opt \"{option}\": no such option"),
        };
    }

    private static RuntimeSpec WithApparmor(RuntimeSpec spec, string profile) =>
        profile == "unconfined" ? spec
            : HostSecurity.HasApparmor ? spec.WithApparmorProfile(profile)
            : throw new FormatException($"apparmor profile \"{profile}\": this kernel has no AppArmor");

    private static SpecSeccomp Profile(RuntimeSpec spec, string file) => file is "default" or "builtin"
        ? Default(spec)
        : RuntimeSpecJson.ReadSeccomp(SmallFile.Read("seccomp profile", file));

    private static SpecSeccomp Default(RuntimeSpec spec) => SeccompDefaults.Create(
        [.. spec.Process!.Capabilities?.Bounding ?? []],
        RuntimeInformation.OSArchitecture,
        Environment.OSVersion.Version);
}
