using System.Runtime.InteropServices;
using System.Threading.Channels;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client.Io;
using Gantry.Client.Tasks;
using Gantry.Core.Errors;
using Gantry.Linux.Io;

namespace Gantry.Cli.Containers;

/// <summary>
/// A process in a container in the foreground: its streams are this program's, its exit status becomes this program's,
/// and signals to this program go to it.
/// </summary>
internal sealed class Attachment : IAsyncDisposable
{
    private const int ForceAfterInterrupts = 3;
    private const uint SIGINT = 2;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly Session _session;
    private readonly ProcessIo _io;
    private readonly string _containerId;
    private readonly string _execId;
    private readonly bool _terminal;
    private readonly bool _input;

    private Attachment(Session session, ProcessIo io, string containerId, string execId, bool terminal, bool input)
    {
        _session = session;
        _io = io;
        _containerId = containerId;
        _execId = execId;
        _terminal = terminal;
        _input = input;
    }

    /// <summary>What to create the process with.</summary>
    public ProcessStreams Streams => _io.Streams;

    private TaskClient Tasks => _session.Scope.Tasks;

    /// <summary>Makes the streams; nothing is copied yet.</summary>
    /// <exception cref="FormatException">A terminal is asked for where there is none.</exception>
    public static Attachment Open(Session session, string containerId, string execId, bool terminal, bool interactive)
    {
        if (terminal && !Terminal.IsTerminal(StandardStreams.Stdin))
        {
            throw new FormatException("the input is not a terminal: leave out -t");
        }

        bool input = terminal || interactive;
        ProcessIo io = ProcessIo.Open(
            execId.Length > 0 ? execId : containerId,
            input ? StandardStreams.Stdin : null,
            StandardStreams.Stdout,
            StandardStreams.Stderr,
            terminal);
        return new Attachment(session, io, containerId, execId, terminal, input);
    }

    /// <summary>Opens the streams of a container that runs; nothing is copied yet.</summary>
    /// <exception cref="FormatException">It has a terminal, and there is none here.</exception>
    public static Attachment To(Session session, ProcessState state)
    {
        if (state.Terminal && !Terminal.IsTerminal(StandardStreams.Stdin))
        {
            throw new FormatException($"container \"{state.ContainerId}\" has a terminal, and the input here is none");
        }

        bool input = state.Stdin.Length > 0;
        ProcessIo io = ProcessIo.Attach(
            new ProcessStreams(state.Stdin, state.Stdout, state.Stderr, state.Terminal),
            input ? StandardStreams.Stdin : null,
            StandardStreams.Stdout,
            StandardStreams.Stderr);
        return new Attachment(session, io, state.ContainerId, "", state.Terminal, input);
    }

    /// <summary>Starts the process, which has been created, and sees it through to its end.</summary>
    /// <returns>Its exit status.</returns>
    public Task<int> RunAsync() => SeeThroughAsync(start: true);

    /// <summary>Sees a process that runs already through to its end.</summary>
    /// <returns>Its exit status.</returns>
    public Task<int> ResumeAsync() => SeeThroughAsync(start: false);

    public ValueTask DisposeAsync() => _io.DisposeAsync();

    private async Task<int> SeeThroughAsync(bool start)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_session.Token);
        IDisposable? raw = _terminal ? Terminal.EnterRawMode(StandardStreams.Stdin) : null;
        List<Task> helpers = [];
        try
        {
            // Both calls go out at once: a wait for a process that was not started yet is a wait like any other.
            Task<ProcessExit> wait = Tasks.WaitAsync(_containerId, _execId, stop.Token);
            if (start)
            {
                await StartAsync(wait);
            }

            // Not before: what the runtime itself says when it fails comes the same way, and is in the error already.
            _io.StartOutput();
            helpers.Add(ForwardSignalsAsync(_session.Signals.Divert(), stop.Token));
            if (_input)
            {
                _io.StartInput();
                helpers.Add(CloseInputAsync(stop.Token));
            }

            using PosixSignalRegistration? resized = _terminal ? await FollowWindowAsync(helpers, stop.Token) : null;
            ProcessExit exit = await wait;
            await DrainAsync();
            return (int)exit.Status;
        }
        finally
        {
            raw?.Dispose();
            _session.Signals.Restore();
            await stop.CancelAsync();
            foreach (Task helper in helpers)
            {
                await helper.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task StartAsync(Task<ProcessExit> wait)
    {
        try
        {
            await Tasks.StartAsync(_containerId, _execId, _session.Token);
        }
        catch
        {
            // The wait ends with the token; what it says adds nothing.
            _ = wait.ContinueWith(
                t => _ = t.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            throw;
        }
    }

    private async Task CloseInputAsync(CancellationToken cancellationToken)
    {
        await _io.InputEnded.WaitAsync(cancellationToken);
        try
        {
            await Tasks.CloseInputAsync(_containerId, _execId, cancellationToken);
        }
        catch (GantryException)
        {
            // The process has ended in the meantime: its input has, too.
        }
    }

    private async Task ForwardSignalsAsync(ChannelReader<uint> signals, CancellationToken cancellationToken)
    {
        int interrupts = 0;
        await foreach (uint signal in signals.ReadAllAsync(cancellationToken))
        {
            interrupts += signal == SIGINT ? 1 : 0;
            uint sent = interrupts >= ForceAfterInterrupts ? SignalNames.Kill : signal;
            try
            {
                await Tasks.KillAsync(_containerId, sent, _execId, cancellationToken: cancellationToken);
            }
            catch (GantryException)
            {
                // It has just ended.
            }
        }
    }

    /// <summary>Tells the process the size of the window, now and whenever it changes.</summary>
    private async Task<PosixSignalRegistration> FollowWindowAsync(List<Task> helpers, CancellationToken cancellationToken)
    {
        Channel<bool> changes = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        PosixSignalRegistration registration =
            PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changes.Writer.TryWrite(true));
        await ResizeAsync(cancellationToken);
        helpers.Add(ResizeOnChangeAsync(changes.Reader, cancellationToken));
        return registration;
    }

    private async Task ResizeOnChangeAsync(ChannelReader<bool> changes, CancellationToken cancellationToken)
    {
        await foreach (bool _ in changes.ReadAllAsync(cancellationToken))
        {
            await ResizeAsync(cancellationToken);
        }
    }

    private async Task ResizeAsync(CancellationToken cancellationToken)
    {
        if (Terminal.TrySize(StandardStreams.Stdin) is not var (columns, rows))
        {
            return;
        }

        try
        {
            await Tasks.ResizeAsync(_containerId, columns, rows, _execId, cancellationToken);
        }
        catch (GantryException)
        {
            // It has just ended.
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            await _io.OutputEnded.WaitAsync(DrainLimit);
        }
        catch (TimeoutException)
        {
            // Another process holds the output open. The one that we wait for has ended.
        }
    }
}
