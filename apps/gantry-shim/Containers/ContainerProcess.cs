using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Types.Task;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Events;
using Gantry.Shim.Executor;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Containers;

/// <summary>A process of a container: the first one, or one that was added later.</summary>
internal abstract class ContainerProcess : IDisposable
{
    /// <summary>How long the runtime may take to hand over a terminal, once it says that all is made.</summary>
    private static readonly TimeSpan TerminalLimit = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource<ChildExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SafeFileHandle? _pidfd;

    protected ContainerProcess(Container container, string id, StreamNames names)
    {
        Container = container;
        Id = id;
        Names = names;
    }

    public Container Container { get; }

    public string Id { get; }

    public StreamNames Names { get; }

    public int Pid { get; private set; }

    /// <summary>The state, that of the whole container included: in one that is paused all processes are.</summary>
    public virtual Status VisibleStatus => Status;

    public Status Status { get; protected set; } = Status.Created;

    public bool Deleted { get; protected set; }

    /// <summary>How the process ended; not done before it has.</summary>
    public Task<ChildExit> Ended => _ended.Task;

    /// <summary>
    /// One change of state at a time: a process that ends while it is being started is not said to have ended before it is
    /// said to have started.
    /// </summary>
    protected SemaphoreSlim Transition { get; } = new(1, 1);

    /// <summary>The work of noticing its end, from when it has begun until that is published.</summary>
    public Task Watching { get; private set; } = Task.CompletedTask;

    protected ProcessStreams? Streams { get; set; }

    /// <summary>The end of the process, as the reaper tells it; null before it was made.</summary>
    private Task<ChildExit>? Exit { get; set; }

    public abstract Task StartAsync(CancellationToken cancellationToken);

    public abstract Task DeleteAsync(CancellationToken cancellationToken);

    /// <summary>Sends a signal.</summary>
    /// <param name="signal">Its number.</param>
    public virtual Task KillAsync(int signal)
    {
        Signal(signal);
        return Task.CompletedTask;
    }

    protected void Signal(int signal)
    {
        if (Ended.IsCompleted || Deleted)
        {
            throw new GantryException(ErrorKind.NotFound, "process already finished");
        }

        if (_pidfd is not { } process)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, "process not created");
        }

        try
        {
            Pidfd.SendSignal(process, signal);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            throw new GantryException(ErrorKind.NotFound, "process already finished", e);
        }
        catch (LinuxException e)
        {
            throw new GantryException(ErrorKind.Unknown, $"unknown error after kill: {e.Message}", e);
        }
    }

    public void CloseInput() => Streams?.CloseInput();

    public virtual void Resize(uint columns, uint rows) => Streams?.Resize(columns, rows);

    public void Dispose()
    {
        Streams?.Dispose();
        _pidfd?.Dispose();
        Transition.Dispose();
    }

    /// <summary>Runs the runtime's command that makes the process, with its streams or its terminal.</summary>
    /// <param name="before">The arguments before those of the streams.</param>
    /// <param name="last">The last argument.</param>
    /// <param name="pidFile">The file that the runtime writes the process id to.</param>
    /// <param name="failure">What the message begins with if it fails.</param>
    /// <param name="limit">When that is given up.</param>
    protected async Task MakeAsync(
        IReadOnlyList<string> before, string last, string pidFile, string failure, CancellationToken limit)
    {
        Streams = await ProcessStreams.OpenAsync(Container.Environment, Id, Names, Container.IoOwner);
        long since = Reaper.Shared.Mark();
        using ConsoleSocket? console = Names.Terminal ? ConsoleSocket.Listen() : null;
        using CancellationTokenSource giveUp = new();
        Task<SafeFileHandle>? terminal = console?.ReceiveAsync(Container.Loop, giveUp.Token);
        string[] consoleArguments = console is null ? [] : ["--console-socket", console.SocketPath];
        string[] arguments = [.. before, .. consoleArguments, last];
        RuntimeFailure? failed = Names.Terminal
            ? await Container.Runtime.RunAsync(arguments, limit)
            : await Container.Runtime.RunAsync(arguments, Streams.ForRuntime, Streams.CloseForRuntime, limit);
        if (failed is null && terminal is not null)
        {
            giveUp.CancelAfter(TerminalLimit);
            Streams.Attach(await terminal);
        }
        else if (terminal is not null)
        {
            await giveUp.CancelAsync();
            await terminal.ContinueWith(
                static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        if (failed is not null)
        {
            Streams.Dispose();
            throw new GantryException(ErrorKind.Unknown, $"{failure}: {failed.Reason}");
        }

        Streams.BeginOutput();
        Pid = Bundles.BundleFiles.ReadPid(pidFile);
        Exit = Reaper.Shared.ClaimAsync(Pid, since);
        if (!Exit.IsCompleted)
        {
            OpenPidfd();
        }
    }

    /// <summary>Begins to wait for the end of the process; that it was made must have been published.</summary>
    public void BeginWatch()
    {
        if (Exit is { } exit)
        {
            Watching = WatchAsync(exit);
        }
    }

    /// <summary>What is done when the process has ended and before that is published.</summary>
    protected virtual Task OnEndedAsync() => Task.CompletedTask;

    /// <summary>Waits for output that is still on its way, and closes the streams.</summary>
    protected async Task CloseStreamsAsync()
    {
        if (Streams is { } streams)
        {
            await streams.CloseAsync();
        }
    }

    /// <summary>The process did not come to be.</summary>
    /// <param name="code">What it is said to have ended with.</param>
    /// <param name="at">When; the default value for never.</param>
    protected void EndWith(int code, DateTimeOffset at)
    {
        Status = Status.Stopped;
        _ended.TrySetResult(new ChildExit(Pid, code, 0, at));
    }

    private async Task WatchAsync(Task<ChildExit> exit)
    {
        ChildExit end = await exit;
        await Transition.WaitAsync();
        try
        {
            await OnEndedAsync();
            if (Streams is { } streams)
            {
                await streams.SettleAsync();
            }

            Status = Status.Stopped;
            Container.Publisher.Publish(
                TaskTopics.Exit,
                "containerd.events.TaskExit",
                new TaskExit
                {
                    ContainerId = Container.Id,
                    Id = Id,
                    Pid = (uint)Pid,
                    ExitStatus = (uint)end.Code,
                    ExitedAt = end.At.ToMessage(),
                });
            _ended.TrySetResult(end);
        }
        finally
        {
            Transition.Release();
        }
    }

    private void OpenPidfd()
    {
        try
        {
            _pidfd = Pidfd.Open(Pid);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            // It has ended in the meantime, which the watch will tell.
            Container.Log.Debug($"process {Pid} ended at once");
        }
    }
}
