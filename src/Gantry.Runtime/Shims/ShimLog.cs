using System.Text;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Runtime.Bundles;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Shims;

/// <summary>
/// What a shim logs, copied line by line to the daemon's log. The daemon holds both ends of the FIFO, so a shim can open
/// and write it whether the daemon reads at that moment or not.
/// </summary>
internal sealed partial class ShimLog : IAsyncDisposable
{
    private const int LineLimit = 16 * 1024;
    private const int ReadSize = 4096;

    private readonly Bundle _bundle;
    private readonly SafeFileHandle _fifo;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    private ShimLog(Bundle bundle, SafeFileHandle fifo, ILogger logger)
    {
        _bundle = bundle;
        _fifo = fifo;
        _logger = logger;
        _run = RunAsync(_stop.Token);
    }

    /// <summary>Makes the FIFO, unless it is there, and begins to copy.</summary>
    public static ShimLog Open(Bundle bundle, ILogger logger)
    {
        if (!File.Exists(bundle.LogPath))
        {
            Fifo.Create(bundle.LogPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new ShimLog(bundle, Descriptors.OpenFifo(bundle.LogPath), logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _fifo.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        MemoryStream line = new();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await RuntimeLoop.Shared.WaitReadableAsync(_fifo, stop);
                Drain(line);
            }
        }
        catch (OperationCanceledException)
        {
            // What the shim wrote last, before it ended.
            Drain(line);
        }
        catch (LinuxException failure)
        {
            LogFailed(_logger, _bundle.Namespace.ToString(), _bundle.Id, failure);
        }

        Emit(line);
    }

    private void Drain(MemoryStream line)
    {
        Span<byte> buffer = stackalloc byte[ReadSize];
        while (Descriptors.Read(_fifo, buffer) is var count and > 0)
        {
            foreach (byte value in buffer[..count])
            {
                if (value == (byte)'\n')
                {
                    Emit(line);
                }
                else if (line.Length < LineLimit)
                {
                    line.WriteByte(value);
                }
            }
        }
    }

    private void Emit(MemoryStream line)
    {
        if (line.Length > 0)
        {
            LogLine(
                _logger,
                _bundle.Namespace.ToString(),
                _bundle.Id,
                Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
            line.SetLength(0);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "shim {Namespace}/{Id}: {Line}")]
    private static partial void LogLine(ILogger logger, string @namespace, string id, string line);

    [LoggerMessage(Level = LogLevel.Warning, Message = "shim {Namespace}/{Id}: its log can't be read")]
    private static partial void LogFailed(ILogger logger, string @namespace, string id, Exception failure);
}
