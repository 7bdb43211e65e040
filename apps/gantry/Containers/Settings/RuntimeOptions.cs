using System.CommandLine;
using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Core;
using ForeignOptions = Gantry.Api.Runtime.Options.Options;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the program that runs a container.</summary>
internal sealed class RuntimeOptions
{
    private const string RuncRuntime = "io.containerd.runc.v2";

    public Option<string> Runtime { get; } = new("--runtime")
    {
        Description = "Runtime",
        HelpName = "name",
        DefaultValueFactory = _ => RuncRuntime,
    };

    public Option<string?> ConfigPath { get; } = new("--runtime-config-path")
    {
        Description = "Configuration file of a runtime other than runc's",
        HelpName = "file",
    };

    public Option<string?> RuncBinary { get; } = new("--runc-binary")
    {
        Description = "OCI runtime for the shim to use, such as crun",
        HelpName = "program",
    };

    public Option<string?> RuncRoot { get; } = new("--runc-root")
    {
        Description = "Directory where the OCI runtime keeps its state",
        HelpName = "path",
    };

    public Option<bool> SystemdCgroup { get; } = new("--runc-systemd-cgroup")
    {
        Description = "Have the OCI runtime make the cgroup through systemd; needs --cgroup SLICE:PREFIX:NAME",
    };

    public Option<bool> NoPivot { get; } = new("--no-pivot")
    {
        Description = "Enter the root filesystem without pivot_root(2)",
    };

    public Option<bool> NoNewKeyring { get; } = new("--no-new-keyring")
    {
        Description = "Let the container share the session keyring",
    };

    public void AddTo(Command command)
    {
        command.Add(Runtime);
        command.Add(ConfigPath);
        command.Add(RuncBinary);
        command.Add(RuncRoot);
        command.Add(SystemdCgroup);
        command.Add(NoPivot);
        command.Add(NoNewKeyring);
    }

    /// <summary>What the container's record says to the runtime; null: nothing.</summary>
    /// <exception cref="FormatException">Options do not go together.</exception>
    public TypedBytes? ToOptions(ParseResult parse, bool hasCgroup)
    {
        Options options = new()
        {
            BinaryName = parse.GetValue(RuncBinary) ?? "",
            Root = parse.GetValue(RuncRoot) ?? "",
            SystemdCgroup = parse.GetValue(SystemdCgroup),
            NoPivotRoot = parse.GetValue(NoPivot),
            NoNewKeyring = parse.GetValue(NoNewKeyring),
        };
        if (options.SystemdCgroup && !hasCgroup)
        {
            throw new FormatException("--runc-systemd-cgroup needs --cgroup, such as machine.slice:gantry:web");
        }

        bool runc = parse.GetValue(Runtime) is RuncRuntime or "io.containerd.gantry.v1";
        if (parse.GetValue(ConfigPath) is { } path)
        {
            return runc
                ? throw new FormatException($"--runtime-config-path is for runtimes other than {RuncRuntime}")
                : TypeUrl.Pack(new ForeignOptions { ConfigPath = Path.GetFullPath(path) });
        }

        if (options.CalculateSize() == 0)
        {
            return null;
        }

        return runc
            ? TypeUrl.Pack(options)
            : throw new FormatException($"options of runc need --runtime {RuncRuntime}");
    }
}
