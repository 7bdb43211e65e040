using System.Runtime.InteropServices;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Processes;

/// <summary>Runs a program to its end and takes what it writes.</summary>
public static class ProgramRun
{
    /// <summary>The greatest length of what a program is given to read: it fits in a pipe, so nobody waits.</summary>
    public const int InputLimit = 60 * 1024;

    /// <summary>
    /// Runs a program. It has ended when the process has, even if something that it left behind holds its outputs open.
    /// </summary>
    /// <param name="request">What to run; its descriptors 0 to 2 are set here.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="outputLimit">How much of each output is kept.</param>
    /// <param name="deadline">When it is killed, and if it has a session of its own, all of that.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loop">Waits for what it writes.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="TimeoutException">It was killed at its deadline.</exception>
    /// <exception cref="ArgumentException">The input is too long.</exception>
    /// <exception cref="LinuxException">It could not be started.</exception>
    public static async Task<ProgramResult> RunAsync(
        SpawnRequest request,
        ReadOnlyMemory<byte> input,
        int outputLimit,
        TimeSpan deadline,
        TimeProvider time,
        IoLoop loop,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(loop);
        if (input.Length > InputLimit)
        {
            throw new ArgumentException(
                $"{request.Program}: input of {input.Length} bytes, more than {InputLimit}", nameof(input));
        }

        cancellationToken.ThrowIfCancellationRequested();
        using Pipe stdin = new();
        using Pipe stdout = new();
        using Pipe stderr = new();
        if (input.Length > 0)
        {
            // A new pipe takes all of it at once.
            int written = Descriptors.Write(stdin.Writer, input.Span);
            if (written != input.Length)
            {
                throw new IOException($"{request.Program}: a pipe took {written} of {input.Length} bytes");
            }
        }

        SpawnedProcess process = Spawn.Start(request with
        {
            Descriptors = new Dictionary<int, SafeHandle>
            {
                [0] = stdin.Reader,
                [1] = stdout.Writer,
                [2] = stderr.Writer,
            },
        });
        stdin.Dispose();
        stdout.Writer.Dispose();
        stderr.Writer.Dispose();
        using CancellationTokenSource ended = new();
        Task<byte[]> output = ReadAsync(stdout.Reader, outputLimit, loop, ended.Token);
        Task<byte[]> errors = ReadAsync(stderr.Reader, outputLimit, loop, ended.Token);
        try
        {
            ChildExit exit = await WaitAsync(process, request, deadline, time, cancellationToken);
            await ended.CancelAsync();
            return new ProgramResult(exit.Code, await output, await errors);
        }
        finally
        {
            // The handles must stay open until nobody waits on them.
            await ended.CancelAsync();
            await Task.WhenAll(output, errors);
        }
    }

    private static async Task<ChildExit> WaitAsync(
        SpawnedProcess process,
        SpawnRequest request,
        TimeSpan deadline,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            return await process.Exit.WaitAsync(deadline, time, cancellationToken);
        }
        catch (TimeoutException failure)
        {
            await KillAsync(process, request.NewSession);
            throw new TimeoutException($"{request.Program} took longer than {deadline.TotalSeconds} s", failure);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process, request.NewSession);
            throw;
        }
    }

    private static async Task KillAsync(SpawnedProcess process, bool isGroup)
    {
        // Its number is its own until its end is told.
        if (!process.Exit.IsCompleted)
        {
            try
            {
                if (isGroup)
                {
                    Signals.SendToGroup(process.Pid, Signals.SIGKILL);
                }
                else
                {
                    Signals.Send(process.Pid, Signals.SIGKILL);
                }
            }
            catch (LinuxException failure) when (failure.Errno is Errno.ESRCH)
            {
                // It has just ended.
                return;
            }
        }

        await process.Exit;
    }

    /// <summary>Reads until the end, or until the program has ended and nothing is left to read.</summary>
    private static async Task<byte[]> ReadAsync(SafeFileHandle reader, int limit, IoLoop loop, CancellationToken ended)
    {
        Descriptors.SetNonBlocking(reader);
        using MemoryStream kept = new();
        byte[] buffer = new byte[4096];
        while (true)
        {
            int count = Descriptors.Read(reader, buffer);
            if (count > 0)
            {
                kept.Write(buffer, 0, (int)Math.Min(count, limit - kept.Length));
                continue;
            }

            if (count == 0 || ended.IsCancellationRequested)
            {
                return kept.ToArray();
            }

            try
            {
                await loop.WaitReadableAsync(reader, ended);
            }
            catch (OperationCanceledException)
            {
                // Once more, for what came last.
                continue;
            }
        }
    }

    private sealed class Pipe : IDisposable
    {
        public Pipe() => (Reader, Writer) = Descriptors.CreatePipe();

        public SafeFileHandle Reader { get; }

        public SafeFileHandle Writer { get; }

        public void Dispose()
        {
            Reader.Dispose();
            Writer.Dispose();
        }
    }
}
