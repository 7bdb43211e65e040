using System.Text;
using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Runtime.Shims;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Tasks;

/// <content>What a runtime tells of itself.</content>
public sealed partial class TaskManager
{
    private const int InfoLimit = 4 << 20;
    private const string UsualRuntime = "io.containerd.runc.v2";

    /// <summary>Asks the shim of a runtime what it is and what it can do.</summary>
    /// <param name="runtime">The runtime's name, or the path of a shim; empty for the usual one.</param>
    /// <param name="runtimeOptions">Options of the runtime; null for none.</param>
    /// <param name="cancellationToken">Gives up; the program is killed.</param>
    /// <exception cref="GantryException">There is no such shim, or it tells nothing that can be understood.</exception>
    public async Task<RuntimeInfo> InfoAsync(string runtime, Any? runtimeOptions, CancellationToken cancellationToken)
    {
        string program = _shims.Find(string.IsNullOrEmpty(runtime) ? UsualRuntime : runtime);
        SpawnRequest request = new()
        {
            Program = program,
            Arguments = ["-info"],
            Environment = Spawn.EnvironmentWith(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["GANTRY_EXECUTOR"] = _options.DefaultExecutor.Length > 0 ? _options.DefaultExecutor : null,
            }),
            NewSession = true,
        };
        try
        {
            ProgramResult result = await RuntimeProgram.RunAsync(
                request, runtimeOptions?.ToByteArray() ?? [], InfoLimit, _options.Deadlines.Call, _time, cancellationToken);
            return result.Code == 0
                ? RuntimeInfo.Parser.ParseFrom(result.Output)
                : throw new GantryException(
                    ErrorKind.Unknown,
                    $"failed to run {program} -info: {Encoding.UTF8.GetString(result.Errors).Trim()}: exit status {result.Code}");
        }
        catch (LinuxException failure)
        {
            throw new GantryException(ErrorKind.Unknown, $"shim {program} -info: {failure.Message}", failure);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new GantryException(ErrorKind.Unknown, $"shim {program} -info: its answer can't be read", failure);
        }
    }
}
