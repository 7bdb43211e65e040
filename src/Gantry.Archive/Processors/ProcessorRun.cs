using System.Runtime.InteropServices;
using System.Text;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Processes;

namespace Gantry.Archive.Processors;

/// <summary>One run of a stream processor.</summary>
internal sealed class ProcessorRun : IAsyncDisposable
{
    /// <summary>How much of what it says on its standard error is told.</summary>
    private const int MaxErrorLength = 4096;

    private const int CopyBufferSize = 128 * 1024;
    private const int PayloadDescriptor = 3;

    private readonly StreamProcessor _processor;
    private readonly SpawnedProcess _process;
    private readonly CancellationTokenRegistration _cancellation;
    private readonly Task _feeding;
    private readonly Task _paying;
    private readonly Task<string> _complaining;

    private ProcessorRun(
        StreamProcessor processor,
        SpawnedProcess process,
        PipeEnds pipes,
        byte[]? payload,
        Stream input,
        CancellationToken cancellationToken)
    {
        _processor = processor;
        _process = process;
        Output = pipes.Output;
        _cancellation = cancellationToken.Register(Kill);
        _feeding = Task.Run(() => FeedAsync(input, pipes.Input, cancellationToken), CancellationToken.None);
        _paying = Task.Run(() => WriteAsync(pipes.Payload, payload ?? []), CancellationToken.None);
        _complaining = Task.Run(() => ReadErrorsAsync(pipes.Error), CancellationToken.None);
    }

    /// <summary>What it writes.</summary>
    internal Stream Output { get; }

    /// <exception cref="GantryException">Unavailable: it can't be started.</exception>
    internal static ProcessorRun Start(
        StreamProcessor processor,
        string mediaType,
        TypedBytes? payload,
        Stream input,
        CancellationToken cancellationToken)
    {
        using PipeEnds.Child child = new(payload is not null);
        Dictionary<int, SafeHandle> descriptors = new()
        {
            [0] = child.Input,
            [1] = child.Output,
            [2] = child.Error,
        };
        if (child.Payload is { } payloadReader)
        {
            descriptors.Add(PayloadDescriptor, payloadReader);
        }

        SpawnRequest request = new()
        {
            Program = Spawn.Find(processor.Path) ?? processor.Path,
            Arguments = processor.Arguments,
            Environment = [.. Environment(processor, mediaType)],
            NewSession = true,
            Descriptors = descriptors,
        };
        try
        {
            SpawnedProcess process = Spawn.Start(request);
            byte[]? any = payload is null ? null : AnyMessage.Of(payload);
            return new ProcessorRun(processor, process, child.Parent, any, input, cancellationToken);
        }
        catch (LinuxException exception)
        {
            child.Parent.Dispose();
            throw new GantryException(
                ErrorKind.Unavailable, $"stream processor {processor.Id}: {exception.Message}", exception);
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <exception cref="GantryException">Unknown: it has failed. Or the error of what it was given.</exception>
    internal async Task FinishAsync()
    {
        await _feeding;
        ChildExit exit = await _process.Exit;
        string complaint = await _complaining;
        if (exit.Code != 0)
        {
            string how = exit.Signal != 0 ? $"killed by signal {exit.Signal}" : $"exit status {exit.Code}";
            throw new GantryException(
                ErrorKind.Unknown,
                $"stream processor {_processor.Id}: {how}{(complaint.Length > 0 ? $": {complaint}" : "")}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _cancellation.DisposeAsync();
        await Output.DisposeAsync();
        await _process.Exit;
        Task all = Task.WhenAll(_feeding, _paying, _complaining);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static IEnumerable<string> Environment(StreamProcessor processor, string mediaType)
    {
        Dictionary<string, string?> changes = new(StringComparer.Ordinal)
        {
            ["STREAM_PROCESSOR_MEDIATYPE"] = mediaType,
        };
        foreach (string variable in processor.Environment)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                changes[variable[..equals]] = variable[(equals + 1)..];
            }
        }

        return Spawn.EnvironmentWith(changes);
    }

    /// <summary>Gives it the layer. One that has read enough may end before; the layer is read to its end all the same.</summary>
    private async Task FeedAsync(Stream layer, FileStream input, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[CopyBufferSize];
        bool isListening = true;
        try
        {
            await using (input)
            {
                for (int length; (length = await layer.ReadAsync(buffer, cancellationToken)) > 0;)
                {
                    isListening = isListening && await TryWriteAsync(input, buffer.AsMemory(0, length));
                }
            }
        }
        catch
        {
            // What it makes of half a layer is worth nothing.
            Kill();
            throw;
        }
    }

    private static async Task<bool> TryWriteAsync(FileStream pipe, ReadOnlyMemory<byte> data)
    {
        try
        {
            await pipe.WriteAsync(data);
            return true;
        }
        catch (IOException)
        {
            // The other end is closed.
            return false;
        }
    }

    private static async Task WriteAsync(FileStream? pipe, byte[] data)
    {
        if (pipe is not null)
        {
            await using (pipe)
            {
                await TryWriteAsync(pipe, data);
            }
        }
    }

    private static async Task<string> ReadErrorsAsync(FileStream error)
    {
        await using (error)
        {
            byte[] kept = new byte[MaxErrorLength];
            byte[] buffer = new byte[MaxErrorLength];
            int count = 0;
            for (int length; (length = await error.ReadAsync(buffer)) > 0;)
            {
                int more = Math.Min(length, kept.Length - count);
                buffer.AsSpan(0, more).CopyTo(kept.AsSpan(count));
                count += more;
            }

            return Encoding.UTF8.GetString(kept, 0, count).Trim();
        }
    }

    /// <summary>Kills it, and what it has started in its session.</summary>
    private void Kill()
    {
        if (_process.Exit.IsCompleted)
        {
            return;
        }

        try
        {
            Signals.SendToGroup(_process.Pid, Signals.SIGKILL);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ESRCH)
        {
            // It has just ended.
        }
    }
}
