using System.CommandLine;
using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Core;

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

    public Option<string?> RuncBinary { get; } = new("--runc-binary")
    {
        Description = "OCI runtime for the shim to use, such as crun",
        HelpName = "program",
    };

    public void AddTo(Command command)
    {
        command.Add(Runtime);
        command.Add(RuncBinary);
    }

    /// <summary>What the container's record says to the runtime; null: nothing.</summary>
    public TypedBytes? ToOptions(ParseResult parse)
    {
        if (parse.GetValue(RuncBinary) is not { } binary)
        {
            return null;
        }

        return parse.GetValue(Runtime) is RuncRuntime or "io.containerd.gantry.v1"
            ? TypeUrl.Pack(new Options { BinaryName = binary })
            : throw new FormatException($"--runc-binary needs --runtime {RuncRuntime}");
    }
}
