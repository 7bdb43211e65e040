using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Gantry.Cli.Containers;

/// <summary>Reads a container's log: first those parts that were put aside, the oldest first, then the file itself.</summary>
internal sealed class LogReader(string path, bool lines)
{
    private const int BufferSize = 64 * 1024;
    private const int LineLimit = 1 << 20;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    /// <summary>All that has been written.</summary>
    public async IAsyncEnumerable<LogLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string file in Files())
        {
            await using FileStream stream = Open(file);
            await foreach (LogLine line in LinesOf(stream, new byte[BufferSize], cancellationToken))
            {
                yield return line;
            }
        }
    }

    /// <summary>What is written from now on, until a process has ended.</summary>
    /// <param name="from">How much of the file has been seen.</param>
    /// <param name="ended">The end of the process.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<LogLine> FollowAsync(
        long from, Task ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<bool> changes = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        using FileSystemWatcher watcher = new(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        bool replaced = false;
        watcher.Changed += (_, _) => changes.Writer.TryWrite(true);
        watcher.Created += (_, _) =>
        {
            Volatile.Write(ref replaced, true);
            changes.Writer.TryWrite(true);
        };
        watcher.EnableRaisingEvents = true;
        byte[] buffer = new byte[BufferSize];
        FileStream stream = Open(path);
        stream.Position = Math.Min(from, stream.Length);
        try
        {
            while (true)
            {
                bool over = ended.IsCompleted;
                bool next = Volatile.Read(ref replaced);
                await foreach (LogLine line in LinesOf(stream, buffer, cancellationToken))
                {
                    yield return line;
                }

                if (next)
                {
                    Volatile.Write(ref replaced, false);
                    await stream.DisposeAsync();
                    stream = Open(path);
                    continue;
                }

                if (!await WaitAsync(changes.Reader, ended, over, cancellationToken))
                {
                    yield break;
                }
            }
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    /// <summary>Waits for more; after the end of the process only as long as its last words may take.</summary>
    private static async Task<bool> WaitAsync(
        ChannelReader<bool> changes, Task ended, bool over, CancellationToken cancellationToken)
    {
        Task<bool> change = changes.WaitToReadAsync(cancellationToken).AsTask();
        await Task.WhenAny(change, over ? Task.Delay(Quiet, cancellationToken) : ended);
        cancellationToken.ThrowIfCancellationRequested();
        return changes.TryRead(out _) || !over;
    }

    private static FileStream Open(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);

    private IEnumerable<string> Files()
    {
        if (lines)
        {
            int last = 0;
            while (File.Exists($"{path}.{last + 1}"))
            {
                last++;
            }

            for (int i = last; i > 0; i--)
            {
                yield return $"{path}.{i}";
            }
        }

        yield return path;
    }

    /// <summary>The whole lines from where the stream stands; it is left at the beginning of one that is not whole.</summary>
    private async IAsyncEnumerable<LogLine> LinesOf(
        FileStream stream, byte[] buffer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int used = 0;
        int count;
        while ((count = await stream.ReadAsync(buffer.AsMemory(used), cancellationToken)) > 0)
        {
            used += count;
            int start = 0;
            int end;
            while ((end = Array.IndexOf(buffer, (byte)'\n', start, used - start)) >= 0)
            {
                yield return Line(buffer.AsMemory(start, end - start));
                start = end + 1;
            }

            if (start == 0 && used == buffer.Length)
            {
                if (used >= LineLimit)
                {
                    yield return Line(buffer.AsMemory(0, used)) with { Ends = false };
                    start = used;
                }
                else
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }
            }

            Array.Copy(buffer, start, buffer, 0, used - start);
            used -= start;
        }

        if (lines)
        {
            stream.Position -= used;
        }
        else if (used > 0)
        {
            yield return Line(buffer.AsMemory(0, used)) with { Ends = false };
        }
    }

    private LogLine Line(ReadOnlyMemory<byte> bytes) =>
        lines ? LogLine.Parse(bytes) : new LogLine(null, IsError: false, Ends: true, bytes);
}
