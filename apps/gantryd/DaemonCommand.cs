using System.Runtime.InteropServices;
using Gantry.Linux.Syscalls;
using Gantry.Server.Config;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon;

/// <summary>Runs the daemon until SIGTERM or SIGINT.</summary>
internal static class DaemonCommand
{
    private const uint Mask = 0x12; // octal 022

    /// <summary>Runs the daemon.</summary>
    /// <param name="config">How it is set up.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(DaemonConfig config, CancellationToken cancellationToken)
    {
        TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = On(PosixSignal.SIGTERM, "SIGTERM", ended);
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, "SIGINT", ended);
        using CancellationTokenRegistration canceled = cancellationToken.Register(() => ended.TrySetCanceled(cancellationToken));
        PathOwnership.SetMask(Mask);
        ServiceManager manager = ServiceManager.FromEnvironment();

        await using Stream output = Console.OpenStandardError();
        using LineLoggerProvider provider = new(
            output,
            config.LogFormat,
            TimeProvider.System,
            config.LogTarget is LogTarget.Journal ? new Journal(Journal.UsualSocket) : null);
        using LoggerFactory loggers = new([provider], Filters(config.LogLevel));
        ILogger logger = loggers.CreateLogger("gantryd");
        string reason;
        await using (await Server.Daemon.StartAsync(config, loggers, TimeProvider.System, cancellationToken))
        {
            manager.Ready($"serving on {config.Grpc.Address}");
            await using Watchdog? watchdog = Watchdog.Start(manager, config.Grpc.Address, TimeProvider.System, logger);
            reason = await ended.Task;
            manager.Stopping($"stopping after {reason}; containers live on");
            ServerLog.Stopping(logger, reason);
        }

        ServerLog.Stopped(logger);
        return 0;
    }

    // What the web server and the gRPC library have to say below a warning is for those who trace.
    private static LoggerFilterOptions Filters(LogLevel level)
    {
        LoggerFilterOptions options = new() { MinLevel = level };
        if (level > LogLevel.Trace)
        {
            LogLevel quiet = level > LogLevel.Warning ? level : LogLevel.Warning;
            options.Rules.Add(new LoggerFilterRule(null, "Microsoft", quiet, null));
            options.Rules.Add(new LoggerFilterRule(null, "Grpc", quiet, null));
        }

        return options;
    }

    private static PosixSignalRegistration On(PosixSignal signal, string name, TaskCompletionSource<string> ended) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            ended.TrySetResult(name);
        });
}
