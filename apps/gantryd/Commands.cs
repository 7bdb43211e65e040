using Gantry.Core.Errors;
using Gantry.Server;
using Gantry.Server.Config;
using Gantry.Server.Logging;

namespace Gantry.Daemon;

/// <summary>The commands: the daemon itself, <c>config default|dump</c>, <c>adopt</c>, <c>publish</c>.</summary>
internal static class Commands
{
    private const string Usage = """
        gantryd: a container runtime daemon that speaks containerd's API

        usage: gantryd [flags] [command]

        commands:
          config default   print the configuration that holds when there is no file
          config dump      print the configuration that holds
          adopt ROOT       take over a root of containerd, which is stopped (--dry-run: only tell)
          doctor ROOT      look for damage and remains where no daemon runs (--repair, --quick, --json)
          rebuild ROOT     make a new database from the blobs on disk, when the old one is lost (--namespace)
          publish          publish an event, read from standard input (--topic, --namespace, --address)

        flags:
          -c, --config FILE      the configuration file
          -l, --log-level LEVEL  trace, debug, info, warn, error, fatal
          -a, --address PATH     the socket of the API
              --root DIR         where everything durable is kept
              --state DIR        where everything is kept that need not outlive a reboot
              --as-containerd    use containerd's places; the same as being started as «containerd»
          -v, --version          print the version

        """;

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
                await Console.Out.WriteAsync(Usage);
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
            [] => DaemonCommand.RunAsync(Configure(line, asContainerd), cancellationToken),
            ["config", "default"] => PrintAsync(ConfigDefaults.For(asContainerd)),
            ["config", "dump"] => PrintAsync(Configure(line, asContainerd)),
            ["adopt", string root] =>
                AdoptCommand.RunAsync(Configure(line with { Root = root }, asContainerd), line.DryRun),
            ["doctor", var root] => MaintenanceCommand.CheckAsync(At(root), line, cancellationToken),
            ["rebuild", var root] => MaintenanceCommand.RebuildAsync(At(root), line, cancellationToken),
            ["publish"] => PublishCommand.RunAsync(line, Configure(line, asContainerd).Grpc.Address, cancellationToken),
            _ => throw new GantryException(ErrorKind.Unknown, $"no such command: {string.Join(' ', line.Words)}"),
        };
    }

    private static async Task<int> PrintAsync(DaemonConfig config)
    {
        await Console.Out.WriteAsync(ConfigWriter.Write(config));
        return 0;
    }

    private static DaemonConfig Configure(CommandLine line, bool asContainerd)
    {
        DaemonConfig config = ConfigDefaults.For(asContainerd);
        string usual = ConfigDefaults.FilePath(asContainerd);
        if (line.Config is not null || File.Exists(usual))
        {
            config = ConfigLoader.Load(line.Config ?? usual, config);
        }

        return config with
        {
            Root = line.Root ?? config.Root,
            State = line.State ?? config.State,
            Grpc = config.Grpc with { Address = line.Address ?? config.Grpc.Address },
            LogLevel = line.LogLevel is null ? config.LogLevel : LogLevels.Parse(line.LogLevel),
        };
    }
}
