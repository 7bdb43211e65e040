using System.Runtime.InteropServices;
using Gantry.Core.Errors;
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
    /// <param name="configure">Tells how it is set up, at the start and again on SIGHUP.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Func<DaemonConfig> configure, CancellationToken cancellationToken)
    {
        DaemonConfig config = configure();
        using SignalRequests requests = new();
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
        LogFilters filters = new(config.LogLevel);
        using LoggerFactory loggers = new([provider], filters);
        ILogger logger = loggers.CreateLogger("gantryd");
        ProcessSettings.Apply(config);
        try
        {
            await using Server.Daemon daemon = await StartAsync(
                token => Server.Daemon.StartAsync(config, loggers, TimeProvider.System, token), ended.Task, cancellationToken);
            string serving = $"serving on {config.Grpc.Address}";
            using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task asked = requests.RunAsync(
                () => Reload(daemon, configure, filters, manager, serving, logger),
                daemon.LogReport,
                failure => ServerLog.RequestFailed(logger, failure),
                stopping.Token);
            manager.Ready(serving);
            await using Watchdog? watchdog = Watchdog.Start(manager, config.Grpc.Address, TimeProvider.System, logger);
            string reason = await ended.Task;
            manager.Stopping($"stopping after {reason}; containers live on");
            ServerLog.Stopping(logger, reason);
            await stopping.CancelAsync();
            await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception exception) when (ended.Task.IsCompletedSuccessfully
            && exception is OperationCanceledException or GantryException { Kind: ErrorKind.Canceled })
        {
            // It was told to stop before it served.
            ServerLog.Stopping(logger, await ended.Task);
        }

        ServerLog.Stopped(logger);
        return 0;
    }

    /// <summary>Starts the daemon, and gives up as soon as it is told to stop.</summary>
    private static async Task<Server.Daemon> StartAsync(
        Func<CancellationToken, Task<Server.Daemon>> begin, Task ended, CancellationToken cancellationToken)
    {
        using CancellationTokenSource starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<Server.Daemon> start = Task.Run(() => begin(starting.Token), CancellationToken.None);
        if (await Task.WhenAny(start, ended) != start)
        {
            await starting.CancelAsync();
        }

        return await start;
    }

    private static void Reload(
        Server.Daemon daemon,
        Func<DaemonConfig> configure,
        LogFilters filters,
        ServiceManager manager,
        string serving,
        ILogger logger)
    {
        manager.Reloading();
        try
        {
            daemon.Reload(configure(), filters);
        }
        catch (GantryException exception)
        {
            ServerLog.NotReloaded(logger, exception.Message);
        }
        finally
        {
            manager.Ready(serving);
        }
    }

    private static PosixSignalRegistration On(PosixSignal signal, string name, TaskCompletionSource<string> ended) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            ended.TrySetResult(name);
        });
}
