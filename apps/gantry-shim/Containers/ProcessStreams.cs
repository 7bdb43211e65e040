using System.Runtime.InteropServices;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Shim.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Containers;

/// <summary>
/// A process's standard input, output and error: pipes of its own, joined by copies to what the client named, or a terminal,
/// or the pipes of a program that logs. The client may go away and come back: both ends of its FIFOs are held here.
/// </summary>
/// <remarks>
/// 1. What the client named is opened, and a program that logs is started.
/// 2. The OCI runtime gets the process's ends; for a terminal it makes that itself and hands it over.
/// 3. When it has made the process, the copies begin.
/// 4. When the process has ended, it is not said to have until what it wrote is read: clients go away when they hear of it.
/// 5. When it is deleted, what others still write is passed on, within a limit, and all is closed.
/// </remarks>
internal sealed class ProcessStreams : IDisposable
{
    private const int PipeCapacity = 256 * 1024;

    /// <summary>How long the end waits for output that is still on its way: a child may hold the pipe.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    /// <summary>A client that reads nothing for so long is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Nobody tells that a FIFO has become empty, so it is looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    private readonly ContainerEnvironment _environment;
    private readonly List<IStreamMove> _outputs = [];
    private readonly List<(SafeFileHandle Source, OutputTarget Target)> _waiting = [];
    private readonly Dictionary<int, SafeHandle> _forRuntime = [];
    private LogBinary? _logger;
    private LogFile? _logFile;
    private OutputTarget? _output;
    private OutputTarget? _error;
    private SafeFileHandle? _inputSource;
    private SafeFileHandle? _inputHolder;
    private StreamCopy? _input;
    private SafeFileHandle? _terminal;

    private ProcessStreams(ContainerEnvironment environment, StreamNames names)
    {
        _environment = environment;
        Names = names;
    }

    public StreamNames Names { get; }

    /// <summary>What the OCI runtime is started with; for a terminal it makes that itself.</summary>
    public IReadOnlyDictionary<int, SafeHandle> ForRuntime => _forRuntime;

    /// <summary>Opens what the client named.</summary>
    /// <param name="environment">Where.</param>
    /// <param name="id">The id of the container, or of the process that is added to it.</param>
    /// <param name="names">The names.</param>
    /// <param name="owner">Who is to own the pipes, or null.</param>
    /// <exception cref="GantryException">One cannot be opened.</exception>
    public static async Task<ProcessStreams> OpenAsync(
        ContainerEnvironment environment, string id, StreamNames names, (uint User, uint Group)? owner)
    {
        ProcessStreams streams = new(environment, names);
        try
        {
            await streams.OpenOutputsAsync(id);
            streams.OpenInput();
            if (!names.Terminal)
            {
                streams.MakePipes(owner);
            }

            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    /// <summary>Closes this process's copies of what the runtime was given, so that the end of output can be seen.</summary>
    public void CloseForRuntime()
    {
        foreach (SafeHandle handle in _forRuntime.Values)
        {
            handle.Dispose();
        }

        _forRuntime.Clear();
    }

    /// <summary>
    /// Passes output on. Until then it waits in the pipes: what the runtime itself writes when it fails is not the process's.
    /// </summary>
    public void BeginOutput()
    {
        foreach ((SafeFileHandle source, OutputTarget target) in _waiting)
        {
            _outputs.Add(target.Begin(_environment.Loop, source));
        }

        _waiting.Clear();
    }

    /// <summary>Joins a terminal to what the client named.</summary>
    /// <param name="master">The terminal's master, owned from now on.</param>
    public void Attach(SafeFileHandle master)
    {
        _terminal = master;
        Descriptors.SetNonBlocking(master);
        _outputs.Add(TakeTerminalTarget().Begin(_environment.Loop, Descriptors.Duplicate(master)));
        if (_inputSource is { } source)
        {
            _inputSource = null;
            _input = _environment.Loop.Copy(source, Descriptors.Duplicate(master));
        }
    }

    /// <summary>Sets the size of the terminal; without one nothing happens.</summary>
    /// <param name="columns">The width in characters.</param>
    /// <param name="rows">The height in lines.</param>
    public void Resize(uint columns, uint rows)
    {
        if (_terminal is { IsClosed: false } terminal)
        {
            Terminal.Resize(terminal, (ushort)Math.Min(columns, ushort.MaxValue), (ushort)Math.Min(rows, ushort.MaxValue));
        }
    }

    /// <summary>
    /// Lets the input end. It does when the client has closed its end too; until then it stays open, so that a client can
    /// come back.
    /// </summary>
    public void CloseInput() => Interlocked.Exchange(ref _inputHolder, null)?.Dispose();

    /// <summary>
    /// Waits until what the process has written is read. A client may close its FIFO as soon as it hears of the end, as ctr
    /// does, and what is in it then would be lost.
    /// </summary>
    public async Task SettleAsync()
    {
        long begin = _environment.Time.GetTimestamp();
        long progress = begin;
        int least = int.MaxValue;
        while (_outputs.Sum(output => output.Waiting) is > 0 and int waiting
            && _environment.Time.GetElapsedTime(begin) < DrainLimit)
        {
            if (waiting < least)
            {
                least = waiting;
                progress = _environment.Time.GetTimestamp();
            }
            else if (_environment.Time.GetElapsedTime(progress) >= Patience)
            {
                return;
            }

            await Task.Delay(Interval, _environment.Time);
        }
    }

    /// <summary>
    /// Waits until all output has been passed on, but not for ever, and ends a program that logs. What holds the output
    /// longer than that may live on without a reader, as it does when the shim ends.
    /// </summary>
    public async Task CloseAsync()
    {
        CloseForRuntime();
        using CancellationTokenSource enough = new();
        await Task.WhenAny(
            Task.WhenAll(_outputs.Select(copy => copy.Completion)),
            Task.Delay(DrainLimit, _environment.Time, enough.Token));
        await enough.CancelAsync();
        if (_logger is not null)
        {
            await _logger.StopAsync();
        }

        Dispose();
    }

    public void Dispose()
    {
        CloseForRuntime();
        CloseInput();
        _input?.Stop();
        foreach (IStreamMove copy in _outputs)
        {
            copy.Stop();
        }

        foreach ((SafeFileHandle source, OutputTarget target) in _waiting)
        {
            source.Dispose();
            target.Dispose();
        }

        _waiting.Clear();
        _output?.Dispose();
        _error?.Dispose();
        _inputSource?.Dispose();
        _terminal?.Dispose();
        _logger?.Dispose();
        _logFile?.Dispose();
    }

    private async Task OpenOutputsAsync(string id)
    {
        // One program, or one file of lines, takes both.
        string first = Names.Output.Length > 0 ? Names.Output : Names.Error;
        StreamUri? uri = first.Length > 0 ? StreamUri.Parse(first) : null;
        if (uri is { IsLogger: true })
        {
            _logger = await LogBinary.StartAsync(_environment, uri, id);
            return;
        }

        if (uri is { Scheme: StreamUri.LogFile })
        {
            LogFile file = _logFile = LogFile.Open(uri, _environment.Time, _environment.Log);
            _output = new OutputTarget(null, Taker: bytes => file.Append(" stdout "u8, bytes));
            _error = Names.Terminal ? null : new OutputTarget(null, Taker: bytes => file.Append(" stderr "u8, bytes));
            return;
        }

        _output = await OpenOutputAsync(Names.Output);
        _error = Names.Terminal ? null : await OpenOutputAsync(Names.Error);
    }

    private async Task<OutputTarget?> OpenOutputAsync(string name) =>
        name.Length == 0 ? null : await OutputTarget.OpenAsync(name, PipeCapacity, _environment.Time);

    private void OpenInput()
    {
        if (Names.Input.Length == 0)
        {
            return;
        }

        string path = StreamUri.Parse(Names.Input) is { Scheme: StreamUri.Fifo, Path: { } fifo }
            ? fifo
            : throw new GantryException(ErrorKind.Unknown, $"{Names.Input}: standard input is not a FIFO");
        try
        {
            _inputSource = Descriptors.OpenFifoReader(path);
            _inputHolder = Descriptors.OpenFifoWriter(path);
        }
        catch (LinuxException e)
        {
            throw new GantryException(ErrorKind.Unknown, $"failed to open stdin fifo {path}: {e.Message}", e);
        }
    }

    private void MakePipes((uint User, uint Group)? owner)
    {
        if (_inputSource is { } source)
        {
            _inputSource = null;
            (SafeFileHandle reader, SafeFileHandle writer) = MakePipe(owner);
            _forRuntime[0] = reader;
            Descriptors.SetNonBlocking(writer);
            _input = _environment.Loop.Copy(source, writer);
        }

        if (_logger is not null)
        {
            _forRuntime[1] = _logger.Output;
            _forRuntime[2] = _logger.Error;
        }

        MakeOutputPipe(1, ref _output, owner);
        MakeOutputPipe(2, ref _error, owner);
    }

    private void MakeOutputPipe(int number, ref OutputTarget? opened, (uint User, uint Group)? owner)
    {
        if (opened is not { } target)
        {
            return;
        }

        opened = null;
        (SafeFileHandle reader, SafeFileHandle writer) = MakePipe(owner);
        _forRuntime[number] = writer;
        _waiting.Add((reader, target));
        Descriptors.SetNonBlocking(reader);
    }

    /// <summary>Where all goes that is written to the terminal. If that is nowhere it is read nevertheless.</summary>
    private OutputTarget TakeTerminalTarget()
    {
        if (_logger is not null)
        {
            _logger.Error.Dispose();
            Descriptors.SetNonBlocking(_logger.Output);
            return new OutputTarget(_logger.Output);
        }

        OutputTarget target = _output ?? OutputTarget.Nothing();
        _output = null;
        return target;
    }

    private static (SafeFileHandle Reader, SafeFileHandle Writer) MakePipe((uint User, uint Group)? owner)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Descriptors.CreatePipe();
        _ = Descriptors.TrySetPipeCapacity(writer, PipeCapacity);
        if (owner is { } who)
        {
            Descriptors.ChangeOwner(reader, who.User, who.Group);
            Descriptors.ChangeOwner(writer, who.User, who.Group);
        }

        return (reader, writer);
    }
}
