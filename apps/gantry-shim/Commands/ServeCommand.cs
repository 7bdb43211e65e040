using System.Net.Sockets;
using Gantry.Core.Tracing;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Gantry.Shim.Containers;
using Gantry.Shim.Events;
using Gantry.Shim.Logging;
using Gantry.Shim.Sandboxes;
using Gantry.Shim.Tasks;
using Gantry.Ttrpc;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Commands;

/// <summary>
/// The shim itself: it serves the socket that it was started with, is the parent of its containers' processes, and outlives
/// the daemon.
/// </summary>
internal static class ServeCommand
{
    /// <summary>The descriptor of the listener that <see cref="StartCommand"/> made.</summary>
    public const int ListenerDescriptor = 3;

    /// <summary>How long the last events may take at the end.</summary>
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(ShimArguments arguments)
    {
        TimeProvider time = TimeProvider.System;
        ShimLog log = new(time, arguments.Namespace, arguments.Id, arguments.Debug);

        // What stops a daemon must not stop its containers.
        using SafeFileHandle dumps = SignalDescriptor.Open(Signals.SIGUSR1);
        foreach (int signal in (int[])[Signals.SIGHUP, Signals.SIGINT, Signals.SIGTERM, Signals.SIGPIPE])
        {
            Signals.Ignore(signal);
        }

        ProcessControl.BecomeSubreaper();
        ProcessControl.SetName("containerd-shim");
        await using SpanCollector? spans = Spans(log, time);
        await using IEventSink sink = Sink(arguments);
        EventPublisher publisher = new(arguments.Namespace, sink, log, time);
        string state = ShimAddress.StateDirectory(arguments.Address);
        MemoryTrimmer trimmer = new(time);
        IoLoop loop = IoLoop.Start();
        LogFifo fifo = new(Directory.GetCurrentDirectory());
        ContainerEnvironment environment = new(arguments.Namespace, state, loop, publisher, trimmer, log, fifo, time);
        PodSandbox sandbox = new(time);
        using CancellationTokenSource stop = new();
        using Socket listener = new(new SafeSocketHandle(ListenerDescriptor, ownsHandle: true));
        await using TtrpcServer server = new(new TtrpcServerOptions());
        string? socket = listener.LocalEndPoint?.ToString();
        TaskService service = new(environment, sandbox, Stop);
        SandboxService sandboxes = new(sandbox, service, time, Stop);

        // The messages of version 3 have the shapes of version 2's, so the one implementation serves both.
        server.AddService("containerd.task.v2.Task", binder => Api.Runtime.TaskV2.Task.BindService(binder, service));
        server.AddService("containerd.task.v3.Task", binder => Api.Runtime.TaskV2.Task.BindService(binder, service));
        server.AddService(
            "containerd.runtime.sandbox.v1.Sandbox", binder => Api.Runtime.Sandbox.Sandbox.BindService(binder, sandboxes));
        DebugDump dump = new(log, service, sandbox, publisher);
        using IDisposable watch = loop.Watch(dumps, once: false, () => OnDump(dumps, dump));
        using CancellationTokenSource giveUp = new();
        Task publishing = publisher.RunAsync(giveUp.Token);
        Task trimming = trimmer.RunAsync(stop.Token);
        await ServeAsync(server, listener, stop.Token);
        await trimming;
        publisher.Complete();
        giveUp.CancelAfter(FlushLimit);
        await FinishAsync(publishing, log);
        return 0;

        // The socket goes first: who sees the connections end may use its name for another shim at once.
        void Stop()
        {
            if (!stop.IsCancellationRequested)
            {
                RemoveSocket(socket, log);
                stop.Cancel();
            }
        }
    }

    private static async Task ServeAsync(
        TtrpcServer server, Socket listener, CancellationToken cancellationToken)
    {
        try
        {
            await server.RunAsync(listener, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // This is how the call Shutdown ends it.
            return;
        }
    }

    private static async Task FinishAsync(Task publishing, ShimLog log)
    {
        try
        {
            await publishing;
        }
        catch (OperationCanceledException e)
        {
            log.Error("events were not delivered", e);
        }
    }

    /// <summary>The loop must not wait, and a dump reads files.</summary>
    private static void OnDump(SafeFileHandle signals, DebugDump dump)
    {
        if (SignalDescriptor.Take(signals))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static it => it.Write(), dump, preferLocal: false);
        }
    }

    private static void RemoveSocket(string? path, ShimLog log)
    {
        try
        {
            if (path is { Length: > 0 })
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning("could not remove the socket", e);
        }
    }

    /// <summary>Collects spans when the daemon does, whose environment this is.</summary>
    private static SpanCollector? Spans(ShimLog log, TimeProvider time)
    {
        string? address = Environment.GetEnvironmentVariable("TTRPC_ADDRESS");
        return string.IsNullOrEmpty(address)
            || TraceSettings.Read(
                Environment.GetEnvironmentVariable, "containerd-shim-gantry-v1", out _) is not { } settings
            ? null
            : new SpanCollector(
                settings with { Timeout = FlushLimit },
                (batch, token) => TraceRelay.SendAsync(ShimAddress.ToPath(address), batch, token),
                failure => log.Warning("spans were not sent", failure),
                time);
    }

    private static IEventSink Sink(ShimArguments arguments)
    {
        string? address = Environment.GetEnvironmentVariable("TTRPC_ADDRESS");
        return string.IsNullOrEmpty(address)
            ? new CommandEventSink(arguments.PublishBinary, arguments.Address)
            : new TtrpcEventSink(ShimAddress.ToPath(address));
    }
}
