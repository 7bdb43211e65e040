using System.Runtime.InteropServices;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Containers;

/// <summary>
/// A process's standard input, output and error: pipes of its own, joined by copies to what the client named, or a terminal.
/// The client may go away and come back: both ends of its FIFOs are held here.
/// </summary>
internal sealed class ProcessStreams : IDisposable
{
    private const string FifoScheme = "fifo://";
    private const string FileScheme = "file://";
    private const uint FileMode = 0b110_100_100;
    private const int PipeCapacity = 256 * 1024;

    /// <summary>How long a client may take to open the reading end of what it named.</summary>
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(10);

    private readonly IoLoop _loop;
    private readonly List<StreamCopy> _outputs = [];
    private readonly List<(SafeFileHandle Source, SafeFileHandle Destination, SafeFileHandle[] Companions)> _waiting = [];
    private readonly Dictionary<int, SafeHandle> _forRuntime = [];
    private StreamCopy? _input;
    private SafeFileHandle? _inputHolder;
    private SafeFileHandle? _terminal;

    private ProcessStreams(IoLoop loop, StreamNames names)
    {
        _loop = loop;
        Names = names;
    }

    public StreamNames Names { get; }

    /// <summary>What the OCI runtime is started with; for a terminal it makes that itself.</summary>
    public IReadOnlyDictionary<int, SafeHandle> ForRuntime => _forRuntime;

    /// <summary>Opens what the client named.</summary>
    /// <param name="loop">Where bytes are moved.</param>
    /// <param name="names">The names.</param>
    /// <param name="owner">Who is to own the pipes, or null.</param>
    public static ProcessStreams Open(IoLoop loop, StreamNames names, (uint User, uint Group)? owner)
    {
        ProcessStreams streams = new(loop, names);
        try
        {
            if (!names.Terminal)
            {
                streams.OpenPipes(owner);
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
        foreach ((SafeFileHandle source, SafeFileHandle destination, SafeFileHandle[] companions) in _waiting)
        {
            _outputs.Add(_loop.Copy(source, destination, companions));
        }

        _waiting.Clear();
    }

    /// <summary>Joins a terminal to what the client named.</summary>
    /// <param name="master">The terminal's master, owned from now on.</param>
    public void Attach(SafeFileHandle master)
    {
        _terminal = master;
        Descriptors.SetNonBlocking(master);
        if (Names.Output.Length > 0)
        {
            (SafeFileHandle destination, SafeFileHandle[] companions) = OpenOutput(Names.Output);
            _outputs.Add(_loop.Copy(Descriptors.Duplicate(master), destination, companions));
        }

        if (Names.Input.Length > 0)
        {
            SafeFileHandle source = OpenInput();
            _input = _loop.Copy(source, Descriptors.Duplicate(master));
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

    /// <summary>Waits until all output has been passed on, but not for ever: a child may hold the pipe.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="time">By which clock.</param>
    public async Task DrainAsync(TimeSpan limit, TimeProvider time)
    {
        CloseForRuntime();
        try
        {
            await Task.WhenAll(_outputs.Select(copy => copy.Completion)).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            // What holds the pipe may live on without a reader, as it does when the shim ends.
            return;
        }
    }

    public void Dispose()
    {
        CloseForRuntime();
        CloseInput();
        _input?.Stop();
        foreach (StreamCopy copy in _outputs)
        {
            copy.Stop();
        }

        foreach ((SafeFileHandle source, SafeFileHandle destination, SafeFileHandle[] companions) in _waiting)
        {
            source.Dispose();
            destination.Dispose();
            Array.ForEach(companions, companion => companion.Dispose());
        }

        _waiting.Clear();
        _terminal?.Dispose();
    }

    private static (SafeFileHandle Handle, SafeFileHandle[] Companions) OpenOutput(string name)
    {
        if (name.StartsWith(FileScheme, StringComparison.Ordinal))
        {
            string path = PathOf(name, FileScheme);
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? "/");
            return (Descriptors.OpenAppend(path, FileMode), []);
        }

        string fifo = PathOf(name, FifoScheme);
        if (!Descriptors.IsFifo(fifo))
        {
            return (Descriptors.OpenAppend(fifo, FileMode), []);
        }

        (SafeFileHandle writer, SafeFileHandle reader) = Descriptors.OpenFifoFor(fifo, ClientPatience);
        _ = Descriptors.TrySetPipeCapacity(writer, PipeCapacity);
        return (writer, [reader]);
    }

    private static string PathOf(string name, string scheme)
    {
        string path = name.StartsWith(scheme, StringComparison.Ordinal) ? name[scheme.Length..] : name;
        int query = scheme == FileScheme || name.Length != path.Length ? path.IndexOf('?', StringComparison.Ordinal) : -1;
        path = query < 0 ? path : path[..query];
        int colon = path.IndexOf("://", StringComparison.Ordinal);
        return colon > 0
            ? throw new GantryException(ErrorKind.NotImplemented, $"{name}: I/O of scheme {path[..colon]}")
            : path.StartsWith('/')
                ? path
                : throw new GantryException(ErrorKind.InvalidArgument, $"{name}: not an absolute path");
    }

    private void OpenPipes((uint User, uint Group)? owner)
    {
        if (Names.Input.Length > 0)
        {
            SafeFileHandle source = OpenInput();
            (SafeFileHandle reader, SafeFileHandle writer) = MakePipe(owner);
            _forRuntime[0] = reader;
            _input = _loop.Copy(source, writer);
        }

        OpenOutputPipe(1, Names.Output, owner);
        OpenOutputPipe(2, Names.Error, owner);
    }

    private void OpenOutputPipe(int number, string name, (uint User, uint Group)? owner)
    {
        if (name.Length == 0)
        {
            return;
        }

        (SafeFileHandle destination, SafeFileHandle[] companions) = OpenOutput(name);
        (SafeFileHandle reader, SafeFileHandle writer) = MakePipe(owner);
        _forRuntime[number] = writer;
        Descriptors.SetNonBlocking(reader);
        _waiting.Add((reader, destination, companions));
    }

    private SafeFileHandle OpenInput()
    {
        string path = PathOf(Names.Input, FifoScheme);
        try
        {
            SafeFileHandle reader = Descriptors.OpenFifoReader(path);
            _inputHolder = Descriptors.OpenFifoWriter(path);
            return reader;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            throw new GantryException(ErrorKind.Unknown, $"failed to open stdin fifo {path}: {e.Message}", e);
        }
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
