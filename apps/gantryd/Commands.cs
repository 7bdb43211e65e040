using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Server;
using Gantry.Server.Config;

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
        catch (Exception exception) when (exception is GantryException or IOException or UnauthorizedAccessException or SocketException)
        {
            await Console.Error.WriteLineAsync($"{called}: {exception.Message}");
            return 1;
        }
    }

    private static Task<int> DispatchAsync(CommandLine line, bool asContainerd, CancellationToken cancellationToken)
    {
        DaemonConfig At(string root) => Configure(line, asContainerd) with { Root = Path.GetFullPath(Needed(root, "root")) };
        return line.Words switch
        {
            [] => DaemonCommand.RunAsync(() => Configure(line, asContainerd), cancellationToken),
            ["config", _] or ["config", _, _] =>
                ConfigCommand.RunAsync(line, asContainerd, () => Configure(line, asContainerd)),
            ["adopt", string root] =>
                AdoptCommand.RunAsync(At(root), line.DryRun),
            ["doctor", var root] => MaintenanceCommand.CheckAsync(At(root), line, cancellationToken),
            ["rebuild", var root] => MaintenanceCommand.RebuildAsync(At(root), line, cancellationToken),
            ["man", var directory] => Task.FromResult(ManualCommand.Run(Needed(directory, "directory"))),
            ["publish"] =>
                PublishCommand.RunAsync(line, () => Configure(line, asContainerd).TtrpcAddress, cancellationToken),
            _ => throw new GantryException(ErrorKind.Unknown, $"no such command: {string.Join(' ', line.Words)}"),
        };
    }

    private static DaemonConfig Configure(CommandLine line, bool asContainerd)
    {
        DaemonConfig defaults = ConfigDefaults.For(asContainerd);
        DaemonConfig config = line.Config is { } file
            ? ConfigLoader.Load(file, defaults)
            : ConfigLoader.LoadUsual(ConfigDefaults.FilePath(asContainerd), defaults);

        return line.Settings.Aggregate(config, (changed, setting) => ConfigFlags.Apply(changed, setting.Key, setting.Value));
    }

    private static string Needed(string word, string what) =>
        word.Length > 0 ? word : throw new GantryException(ErrorKind.InvalidArgument, $"{what} required");
}
