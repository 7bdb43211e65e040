using Gantry.Client.Tasks;
using Gantry.Linux;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Client.Io;

/// <summary>
/// The standard streams of a process in a container, brought to file descriptors of this process. The data goes through
/// FIFOs in a directory of its own, which the shim opens, and does not pass the daemon.
/// </summary>
/// <remarks>
/// 1. <see cref="Open"/> makes the FIFOs and opens this side of them.
/// 2. The caller calls <see cref="StartOutput"/>, and creates the task or exec with <see cref="Streams"/>.
/// 3. When the process has been started, and so the shim has opened its side, it calls <see cref="StartInput"/>: input
///    that ended before would be lost.
/// 4. When <see cref="InputEnded"/> completes, it calls <see cref="TaskClient.CloseInputAsync"/>.
/// 5. After the process has ended it awaits <see cref="OutputEnded"/>, with a limit: another process that has inherited
///    the output may keep it open. Then it disposes this object.
/// </remarks>
public sealed class ProcessIo : IAsyncDisposable
{
    private const int PipeBytes = 1 << 20;

    private readonly string? _directory;
    private readonly List<SafeFileHandle> _fifos = [];
    private readonly List<FdPump> _outputs = [];
    private FdPump? _input;
    private SafeFileHandle? _inputFifo;
    private bool _outputStarted;
    private bool _inputStarted;

    private ProcessIo(string? directory) => _directory = directory;

    /// <summary>What to create the task or exec with.</summary>
    public ProcessStreams Streams { get; private set; } = ProcessStreams.None;

    /// <summary>Completes when all output has been copied.</summary>
    public Task OutputEnded => Task.WhenAll(_outputs.Select(o => o.Completion));

    /// <summary>Completes when the input has ended and was copied; never without an input.</summary>
    public Task InputEnded { get; private set; } = new TaskCompletionSource().Task;

    /// <summary>Makes the FIFOs and opens this side of them.</summary>
    /// <param name="name">What the FIFOs are called after, such as the container's id.</param>
    /// <param name="stdin">Where input comes from; null for none. The caller keeps it open until disposal.</param>
    /// <param name="stdout">Where output goes. The caller keeps it open until disposal.</param>
    /// <param name="stderr">Where errors go; not used with a terminal.</param>
    /// <param name="terminal">Whether the process gets a terminal, which mixes output and errors.</param>
    /// <exception cref="LinuxException">A FIFO can't be made or opened.</exception>
    public static ProcessIo Open(
        string name,
        SafeFileHandle? stdin,
        SafeFileHandle stdout,
        SafeFileHandle? stderr,
        bool terminal)
    {
        ProcessIo io = new(MakeDirectory());
        try
        {
            string stdinPath = stdin is null ? "" : io.AddInput($"{name}-stdin", stdin);
            string stdoutPath = io.AddOutput($"{name}-stdout", stdout, "stdout");
            string stderrPath = terminal || stderr is null ? "" : io.AddOutput($"{name}-stderr", stderr, "stderr");
            io.Streams = new ProcessStreams(stdinPath, stdoutPath, stderrPath, terminal);
            return io;
        }
        catch
        {
            io.Release();
            throw;
        }
    }

    /// <summary>Opens this side of the FIFOs of a process that runs already, and whose client has gone.</summary>
    /// <param name="streams">The FIFOs.</param>
    /// <param name="stdin">Where input comes from; null for none. The caller keeps it open until disposal.</param>
    /// <param name="stdout">Where output goes. The caller keeps it open until disposal.</param>
    /// <param name="stderr">Where errors go.</param>
    /// <exception cref="LinuxException">A FIFO can't be opened.</exception>
    public static ProcessIo Attach(
        ProcessStreams streams, SafeFileHandle? stdin, SafeFileHandle stdout, SafeFileHandle stderr)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ProcessIo io = new(null) { Streams = streams };
        try
        {
            if (stdin is not null && streams.Stdin.Length > 0)
            {
                io.OpenInput(streams.Stdin, stdin);
            }

            io.OpenOutput(streams.Stdout, stdout, "stdout");
            if (streams.Stderr.Length > 0 && streams.Stderr != streams.Stdout)
            {
                io.OpenOutput(streams.Stderr, stderr, "stderr");
            }

            return io;
        }
        catch
        {
            io.Release();
            throw;
        }
    }

    /// <summary>Begins to copy what the process writes. May be called before there is a process.</summary>
    public void StartOutput()
    {
        _outputStarted = true;
        foreach (FdPump output in _outputs)
        {
            output.Start();
        }
    }

    /// <summary>Begins to copy input to the process, which has been started.</summary>
    public void StartInput()
    {
        if (_input is { } input)
        {
            _inputStarted = true;
            InputEnded = CopyInputAsync(input);
        }
    }

    /// <summary>Ends the copying, closes this side of the FIFOs and removes them.</summary>
    public async ValueTask DisposeAsync()
    {
        FdPump[] pumps = [.. _outputStarted ? _outputs : [], .. _inputStarted ? [_input!] : Array.Empty<FdPump>()];
        foreach (FdPump pump in pumps)
        {
            pump.Cancel();
        }

        foreach (FdPump pump in pumps)
        {
            // An error of the copying is the business of whoever awaited it before.
            await ((Task)pump.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Release();
    }

    /// <summary>
    /// /run keeps nothing over a reboot, and its paths are short. Who can't write there uses his own runtime directory.
    /// </summary>
    private static string MakeDirectory()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("the streams of containers are FIFOs of Linux");
        }

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string parent = Environment.IsPrivilegedProcess || string.IsNullOrEmpty(runtime)
            ? "/run/gantry-io"
            : Path.Combine(runtime, "gantry-io");
        Directory.CreateDirectory(parent, Private);
        string path = Path.Combine(parent, Path.GetRandomFileName());
        Directory.CreateDirectory(path, Private);
        return path;
    }

    private string MakeFifo(string name)
    {
        string path = Path.Combine(_directory!, name);
        Fifo.Create(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private string AddInput(string name, SafeFileHandle source)
    {
        string path = MakeFifo(name);
        OpenInput(path, source);
        return path;
    }

    private void OpenInput(string path, SafeFileHandle source)
    {
        // Both ends at once, as nobody reads yet. A process that ends without reading can't hold the copy up: it is
        // cancelled then.
        _inputFifo = Descriptors.OpenFifo(path);
        _fifos.Add(_inputFifo);
        _input = new FdPump(source, _inputFifo, "stdin");
    }

    private string AddOutput(string name, SafeFileHandle destination, string stream)
    {
        string path = MakeFifo(name);
        OpenOutput(path, destination, stream);
        return path;
    }

    private void OpenOutput(string path, SafeFileHandle destination, string stream)
    {
        SafeFileHandle fifo = Descriptors.OpenFifoReader(path);
        _fifos.Add(fifo);

        // More room means fewer wake-ups; the kernel's default will do as well.
        _ = Descriptors.TrySetPipeCapacity(fifo, PipeBytes);
        _outputs.Add(new FdPump(fifo, destination, stream));
    }

    private async Task CopyInputAsync(FdPump input)
    {
        input.Start();
        await input.Completion.ConfigureAwait(false);

        // The process sees the end when the shim has closed its side as well.
        _inputFifo?.Dispose();
    }

    private void Release()
    {
        _input?.Dispose();
        foreach (FdPump output in _outputs)
        {
            output.Dispose();
        }

        foreach (SafeFileHandle fifo in _fifos)
        {
            fifo.Dispose();
        }

        if (_directory is { } directory && Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
