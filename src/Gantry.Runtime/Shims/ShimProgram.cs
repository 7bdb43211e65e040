using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gantry.Api.Mapping;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Tracing;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Tasks;
using Google.Protobuf;
using DeleteResponse = Gantry.Api.Runtime.TaskV2.DeleteResponse;

namespace Gantry.Runtime.Shims;

/// <summary>The program of a shim, and the two commands that a daemon gives it: start, and delete.</summary>
/// <param name="path">The path of the program.</param>
/// <param name="bundle">The task's bundle, in which it is run.</param>
/// <param name="options">What it is to know of the daemon.</param>
/// <param name="time">The clock for its deadlines.</param>
internal sealed class ShimProgram(string path, Bundle bundle, TaskManagerOptions options, TimeProvider time)
{
    private const int OutputLimit = 1024 * 1024;

    /// <summary>The path of the program.</summary>
    public string BinaryPath => path;

    /// <summary>Starts a shim, or finds the one that serves the task's group.</summary>
    /// <param name="runtimeOptions">Options that it reads from its standard input.</param>
    /// <param name="cancellationToken">Gives up; the program is killed.</param>
    /// <exception cref="GantryException">It failed, or said nothing that can be understood.</exception>
    public async Task<BootstrapResult> StartAsync(TypedBytes? runtimeOptions, CancellationToken cancellationToken)
    {
        byte[] input = runtimeOptions.ToMessage()?.ToByteArray() ?? [];
        ProgramResult result =
            await RunAsync(["-id", bundle.Id], "start", input, options.Deadlines.ShimStart, cancellationToken);
        string said = Encoding.UTF8.GetString([.. result.Output, .. result.Errors]).Trim();
        if (result.Code != 0)
        {
            throw new GantryException(ErrorKind.Unknown, $"failed to start shim: start failed: {said}: exit status {result.Code}");
        }

        // A shim may warn on its standard error; the address is all of its standard output.
        return BootstrapResult.Parse(result.Output.Length > 0 ? result.Output : result.Errors);
    }

    /// <summary>Has a shim that is dead cleaned up after: what runs of the task is killed, what it mounted unmounted.</summary>
    /// <param name="cancellationToken">Gives up; the program is killed.</param>
    /// <returns>How the task's first process ended, and what the shim warned of.</returns>
    /// <exception cref="GantryException">It failed.</exception>
    public async Task<(DeleteResponse Response, string Warnings)> DeleteAsync(CancellationToken cancellationToken)
    {
        string[] arguments = ["-id", bundle.Id, "-bundle", bundle.DirectoryPath];
        ProgramResult result =
            await RunAsync(arguments, "delete", [], options.Deadlines.ShimCleanup, cancellationToken);
        string warnings = Encoding.UTF8.GetString(result.Errors).Trim();
        if (result.Code != 0)
        {
            throw new GantryException(ErrorKind.Unknown, $"shim delete: {warnings}: exit status {result.Code}");
        }

        try
        {
            return (DeleteResponse.Parser.ParseFrom(result.Output), warnings);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new GantryException(ErrorKind.Unknown, "shim delete: answer can't be read", failure);
        }
    }

    private async Task<ProgramResult> RunAsync(
        string[] arguments, string command, byte[] input, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using Activity? span = Traces.Start(command == "start" ? "shim start" : "shim delete");
        SpawnRequest request = new()
        {
            Program = path,
            Arguments =
            [
                "-namespace", bundle.Namespace.ToString(),
                "-address", options.GrpcAddress,
                "-publish-binary", options.PublishBinary,
                .. arguments,
                .. options.Debug ? ["-debug"] : Array.Empty<string>(),
                command,
            ],
            Environment = Spawn.EnvironmentWith(Environment()),
            WorkingDirectory = bundle.DirectoryPath,
            NewSession = true,
        };
        try
        {
            return await RuntimeProgram.RunAsync(request, input, OutputLimit, deadline, time, cancellationToken);
        }
        catch (LinuxException failure)
        {
            throw new GantryException(ErrorKind.Unknown, $"shim {path} {command}: {failure.Message}", failure);
        }
    }

    private Dictionary<string, string?> Environment()
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["TTRPC_ADDRESS"] = options.TtrpcAddress,
            ["GRPC_ADDRESS"] = options.GrpcAddress,
            ["NAMESPACE"] = bundle.Namespace.ToString(),
            ["MAX_SHIM_VERSION"] = BootstrapResult.NewestVersion.ToString(CultureInfo.InvariantCulture),
            ["GOMAXPROCS"] = "2",
            ["GANTRY_EXECUTOR"] = options.DefaultExecutor.Length > 0 ? options.DefaultExecutor : null,
            // Of the service manager's talk with the daemon, which is no business of its children.
            ["NOTIFY_SOCKET"] = null,
            ["LISTEN_FDS"] = null,
            ["LISTEN_PID"] = null,
        };
        foreach (string entry in options.ShimEnvironment)
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            environment[entry[..equals]] = entry[(equals + 1)..];
        }

        return environment;
    }
}
