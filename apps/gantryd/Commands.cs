using Gantry.Core.Errors;
using Gantry.Server;
using Gantry.Server.Config;
using Gantry.Server.Logging;

namespace Gantry.Daemon;

/// <summary>Does what the command line asks for: the daemon itself, or one of its commands.</summary>
internal static class Commands
{
    /// <summary>Does what was asked for.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        CommandLine line = CommandLine.Parse(arguments);
        string called = Path.GetFileName(Environment.GetCommandLineArgs()[0]);
        bool asContainerd = line.AsContainerd || string.Equals(called, "containerd", StringComparison.Ordinal);
        try
        {
            if (line.Error is not null)
            {
                throw new GantryException(ErrorKind.Unknown, line.Error);
            }

            if (line.ShowHelp)
            {
                await Console.Out.WriteAsync(Definitions.Usage());
                return 0;
            }

            if (line.ShowVersion)
            {
                await Console.Out.WriteLineAsync(
                    $"{(asContainerd ? "containerd" : "gantryd")} gantry {BuildInfo.Version} {BuildInfo.Revision}".TrimEnd());
                return 0;
            }

            return await DispatchAsync(line, asContainerd, cancellationToken);
        }
        catch (Exception exception) when (exception is GantryException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{called}: {exception.Message}");
            return 1;
        }
    }

    private static Task<int> DispatchAsync(CommandLine line, bool asContainerd, CancellationToken cancellationToken)
    {
        DaemonConfig At(string root) => Configure(line, asContainerd) with { Root = Path.GetFullPath(root) };
        return line.Words switch
        {
            [] => DaemonCommand.RunAsync(() => Configure(line, asContainerd), cancellationToken),
            ["config", _] or ["config", _, _] =>
                ConfigCommand.RunAsync(line, asContainerd, () => Configure(line, asContainerd)),
            ["adopt", string root] =>
                AdoptCommand.RunAsync(Configure(line with { Root = root }, asContainerd), line.DryRun),
            ["doctor", var root] => MaintenanceCommand.CheckAsync(At(root), line, cancellationToken),
            ["rebuild", var root] => MaintenanceCommand.RebuildAsync(At(root), line, cancellationToken),
            ["man", var directory] => Task.FromResult(ManualCommand.Run(directory)),
            ["publish"] => PublishCommand.RunAsync(line, Configure(line, asContainerd).Grpc.Address, cancellationToken),
            _ => throw new GantryException(ErrorKind.Unknown, $"no such command: {string.Join(' ', line.Words)}"),
        };
    }

    private static DaemonConfig Configure(CommandLine line, bool asContainerd)
    {
        DaemonConfig defaults = ConfigDefaults.For(asContainerd);
        DaemonConfig config = line.Config is { Length: > 0 } file
            ? ConfigLoader.Load(file, defaults)
            : ConfigLoader.LoadUsual(ConfigDefaults.FilePath(asContainerd), defaults);

        // An empty value is none, as with containerd.
        return config with
        {
            Root = line.Root is { Length: > 0 } root ? root : config.Root,
            State = line.State is { Length: > 0 } state ? state : config.State,
            Grpc = config.Grpc with { Address = line.Address is { Length: > 0 } address ? address : config.Grpc.Address },
            LogLevel = line.LogLevel is { Length: > 0 } level ? LogLevels.Parse(level) : config.LogLevel,
            LogFormat = line.LogFormat is { Length: > 0 } format ? LogTargets.ParseFormat(format) : config.LogFormat,
            LogTarget = line.LogTarget is { Length: > 0 } target ? LogTargets.Parse(target) : config.LogTarget,
        };
    }
}
