using System.Globalization;
using Gantry.Core.Maintenance;
using Gantry.Core.Namespaces;
using Gantry.Server.Config;
using Gantry.Server.Logging;
using Gantry.Server.Maintenance;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon;

/// <summary><c>gantryd doctor ROOT</c> and <c>gantryd rebuild ROOT</c>: the upkeep of a root on which no daemon runs.</summary>
internal static class MaintenanceCommand
{
    /// <summary>Checks a root.</summary>
    /// <param name="config">The configuration, with the root.</param>
    /// <param name="line">The command line.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>0 when nothing is wrong, else 1.</returns>
    public static Task<int> CheckAsync(DaemonConfig config, CommandLine line, CancellationToken cancellationToken) =>
        RunAsync(
            config,
            line,
            (report, loggers) => OfflineMaintenance.CheckAsync(
                config,
                new CheckOptions(line.Repair, line.Quick),
                report,
                loggers,
                cancellationToken));

    /// <summary>Makes a new database from what is on disk.</summary>
    /// <param name="config">The configuration, with the root.</param>
    /// <param name="line">The command line.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>0; what could not be rebuilt is told.</returns>
    public static async Task<int> RebuildAsync(
        DaemonConfig config,
        CommandLine line,
        CancellationToken cancellationToken)
    {
        Namespace ns = line.Namespace is null ? Namespace.Default : Namespace.Parse(line.Namespace);
        await RunAsync(
            config,
            line,
            (report, _) => OfflineMaintenance.RebuildAsync(config.Root, ns, report, cancellationToken));
        return 0;
    }

    private static async Task<int> RunAsync(
        DaemonConfig config,
        CommandLine line,
        Func<Func<Finding, Task>, ILoggerFactory, Task> work)
    {
        int open = 0;
        int repaired = 0;
        await using Stream output = Console.OpenStandardError();
        using LineLoggerProvider provider = new(output, config.LogFormat, TimeProvider.System);
        using LoggerFactory loggers = new([provider], new LoggerFilterOptions { MinLevel = LogLevel.Error });
        await work(
            finding =>
            {
                open += finding.IsOpen ? 1 : 0;
                repaired += finding.Outcome == FindingOutcome.Repaired ? 1 : 0;
                return Console.Out.WriteLineAsync(
                    line.Json ? FindingText.ForPrograms(finding) : FindingText.ForPeople(finding));
            },
            loggers);
        if (!line.Json)
        {
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{open} problems{(repaired > 0 ? $", {repaired} repaired" : "")}"));
        }

        return open == 0 ? 0 : 1;
    }
}
