using System.Runtime.InteropServices;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Containers;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Io;

/// <summary>
/// A program that takes what a process writes: <c>binary://PROGRAM?argument=value</c>. It reads standard output from its
/// descriptor 3 and standard error from 4, and closes 5 when it is ready. The process writes to it directly; when the program
/// dies, so does the pipe.
/// </summary>
internal sealed class LogBinary : IDisposable
{
    private const string Failed = "failed to create init process I/O: ";
    private const int OutputDescriptor = 3;
    private const int ErrorDescriptor = 4;
    private const int ReadyDescriptor = 5;

    /// <summary>How long the program may take until it is ready.</summary>
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long it has, once all output has ended, to end by itself.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long it then has after SIGTERM.</summary>
    private static readonly TimeSpan TerminateLimit = TimeSpan.FromSeconds(10);

    private readonly ContainerEnvironment _environment;
    private readonly string _program;
    private readonly SpawnedProcess _process;
    private readonly SafeFileHandle? _pidfd;
    private readonly Task _watching;
    private volatile bool _stopping;

    private LogBinary(
        ContainerEnvironment environment,
        string program,
        SpawnedProcess process,
        SafeFileHandle output,
        SafeFileHandle error)
    {
        _environment = environment;
        _program = program;
        _process = process;
        Output = output;
        Error = error;
        _pidfd = TryOpen(process);
        _watching = WatchAsync();
    }

    /// <summary>Where standard output is to be written.</summary>
    public SafeFileHandle Output { get; }

    /// <summary>Where standard error is to be written.</summary>
    public SafeFileHandle Error { get; }

    /// <summary>Starts the program and waits until it is ready.</summary>
    /// <param name="environment">Where.</param>
    /// <param name="uri">Its path and its arguments.</param>
    /// <param name="id">The id of the container, or of the process that was added to it.</param>
    /// <exception cref="GantryException">It cannot be started, or it does not get ready.</exception>
    public static async Task<LogBinary> StartAsync(ContainerEnvironment environment, StreamUri uri, string id)
    {
        (SafeFileHandle readyReader, SafeFileHandle readyWriter) = Descriptors.CreatePipe();
        using SafeFileHandle ready = readyReader;
        LogBinary logger = Start(environment, uri, id, readyWriter);
        try
        {
            await WaitUntilReadyAsync(environment, uri, ready);
            return logger;
        }
        catch
        {
            logger.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Lets the program see the end of the output, and sees to it that it ends: by itself, or by SIGTERM, or by SIGKILL.
    /// </summary>
    public async Task StopAsync()
    {
        _stopping = true;
        Output.Dispose();
        Error.Dispose();
        if (!await HasEndedAsync(EndLimit))
        {
            Signal(Signals.SIGTERM);
            if (!await HasEndedAsync(TerminateLimit))
            {
                _environment.Log.Warning($"logging binary {_program} did not end: killed");
                Signal(Signals.SIGKILL);
            }
        }

        await _watching;
    }

    /// <summary>Ends it at once if it has not ended.</summary>
    public void Dispose()
    {
        _stopping = true;
        Output.Dispose();
        Error.Dispose();
        if (!_process.Exit.IsCompleted)
        {
            Signal(Signals.SIGKILL);
        }

        _pidfd?.Dispose();
    }

    private static LogBinary Start(ContainerEnvironment environment, StreamUri uri, string id, SafeFileHandle ready)
    {
        (SafeFileHandle outputReader, SafeFileHandle output) = Descriptors.CreatePipe();
        (SafeFileHandle errorReader, SafeFileHandle error) = Descriptors.CreatePipe();
        using (ready)
        using (outputReader)
        using (errorReader)
        {
            try
            {
                SpawnedProcess process = Spawn.Start(new SpawnRequest
                {
                    Program = uri.Path,
                    Arguments = [.. uri.Query.SelectMany(pair => (string[])[pair.Key, pair.Value])],
                    Environment = [$"CONTAINER_ID={id}", $"CONTAINER_NAMESPACE={environment.Namespace}"],
                    Descriptors = new Dictionary<int, SafeHandle>
                    {
                        [OutputDescriptor] = outputReader,
                        [ErrorDescriptor] = errorReader,
                        [ReadyDescriptor] = ready,
                    },
                });
                return new LogBinary(environment, uri.Path, process, output, error);
            }
            catch (LinuxException e)
            {
                output.Dispose();
                error.Dispose();
                throw new GantryException(
                    ErrorKind.Unknown, $"{Failed}failed to start binary process: fork/exec {uri.Path}: {e.Message}", e);
            }
        }
    }

    private static async Task WaitUntilReadyAsync(ContainerEnvironment environment, StreamUri uri, SafeFileHandle ready)
    {
        using CancellationTokenSource limit = new(ReadyLimit, environment.Time);
        try
        {
            await environment.Loop.WaitReadableAsync(ready, limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new GantryException(
                ErrorKind.DeadlineExceeded,
                $"{Failed}failed to read from logging binary: {uri.Path} is not ready after {ReadyLimit.TotalSeconds:0} s",
                e);
        }

        if (Descriptors.Read(ready, new byte[1]) <= 0 && uri.MustSayReady)
        {
            throw new GantryException(
                ErrorKind.Unknown,
                Failed + "logging binary did not call ready (it may have crashed or exited prematurely)");
        }
    }

    private async Task WatchAsync()
    {
        ChildExit end = await _process.Exit;
        if (!_stopping && end.Code != 0)
        {
            _environment.Log.Warning($"logging binary {_program} ended with {end.Code} before what it logs");
        }
    }

    private async Task<bool> HasEndedAsync(TimeSpan limit)
    {
        using CancellationTokenSource enough = new();
        bool ended = await Task.WhenAny(_process.Exit, Task.Delay(limit, _environment.Time, enough.Token)) == _process.Exit;
        await enough.CancelAsync();
        return ended;
    }

    private void Signal(int signal)
    {
        try
        {
            if (_pidfd is { IsClosed: false } process)
            {
                Pidfd.SendSignal(process, signal);
            }
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            // It has just ended, which is what was wanted.
            return;
        }
    }

    private SafeFileHandle? TryOpen(SpawnedProcess process)
    {
        try
        {
            return Pidfd.Open(process.Pid);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            _environment.Log.Debug($"logging binary {_program} ended at once");
            return null;
        }
    }
}
