using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gantry.Linux.Syscalls;

namespace Gantry.Cli.Containers;

/// <summary>
/// Reads a container's log, each line once: first those parts that were put aside, the oldest first, then the file itself.
/// The file may be put aside at any time meanwhile; which one comes next is told by the inode of the one that is read.
/// </summary>
/// <param name="path">The file that is written.</param>
/// <param name="lines">Whether it is one of lines with their times, of which there may be PATH.1, PATH.2 and so on.</param>
internal sealed class LogReader(string path, bool lines) : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;
    private const int LineLimit = 1 << 20;
    private const int AsideLimit = 100;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    private readonly byte[] _buffer = new byte[BufferSize];
    private FileStream? _stream;

    /// <summary>All that has been written and was not read before.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public async IAsyncEnumerable<LogLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _stream ??= Next() ?? throw new FileNotFoundException($"{path}: there is no such file", path);
        while (true)
        {
            // Asked for first: a file that has been put aside by now grows no more.
            FileStream? next = Next();
            await foreach (LogLine line in LinesOf(_stream, _buffer, cancellationToken))
            {
                yield return line;
            }

            if (next is null)
            {
                yield break;
            }

            await _stream.DisposeAsync();
            _stream = next;
        }
    }

    /// <summary>The same, and what is written from now on, until a process has ended.</summary>
    /// <param name="ended">The end of the process.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<LogLine> FollowAsync(
        Task ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<bool> changes = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        using FileSystemWatcher watcher = new(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        watcher.Changed += (_, _) => changes.Writer.TryWrite(true);
        watcher.Created += (_, _) => changes.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        bool more;
        do
        {
            bool over = ended.IsCompleted;
            await foreach (LogLine line in ReadAsync(cancellationToken))
            {
                yield return line;
            }

            more = await WaitAsync(changes.Reader, ended, over, cancellationToken);
        }
        while (more);
    }

    public ValueTask DisposeAsync() => _stream?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Waits for more; after the end of the process only as long as its last words may take.</summary>
    private static async Task<bool> WaitAsync(
        ChannelReader<bool> changes, Task ended, bool over, CancellationToken cancellationToken)
    {
        Task<bool> change = changes.WaitToReadAsync(cancellationToken).AsTask();
        await Task.WhenAny(change, over ? Task.Delay(Quiet, cancellationToken) : ended);
        cancellationToken.ThrowIfCancellationRequested();
        return changes.TryRead(out _) || !over;
    }

    private static FileStream? TryOpen(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static (ulong Device, ulong Inode) Identity(FileStream file)
    {
        FileStatus status = Stat.Of(file.SafeFileHandle);
        return (status.Device, status.Inode);
    }

    /// <summary>
    /// Opens the file that was written after the one that is read, or the oldest if none is or it was thrown away; null if
    /// there is none.
    /// </summary>
    private FileStream? Next()
    {
        // The files may be renamed while they are looked through: only what two looks agree on is true.
        FileStream? found = Look();
        while (found is not null)
        {
            FileStream? again = Look();
            bool same = again is not null && Identity(again) == Identity(found);
            found.Dispose();
            found = again;
            if (same)
            {
                break;
            }
        }

        return found;
    }

    private FileStream? Look()
    {
        FileStream? next = null;
        for (int i = 0; i <= (lines ? AsideLimit : 0); i++)
        {
            FileStream? file = TryOpen(i == 0 ? path : $"{path}.{i}");
            if (file is null)
            {
                continue;
            }

            if (_stream is not null && Identity(file) == Identity(_stream))
            {
                file.Dispose();
                return next;
            }

            next?.Dispose();
            next = file;
        }

        return next;
    }

    /// <summary>The whole lines from where the stream stands; it is left at the beginning of one that is not whole.</summary>
    private async IAsyncEnumerable<LogLine> LinesOf(
        FileStream stream, byte[] buffer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (stream.Length < stream.Position)
        {
            // It was cut short by one who rotates logs by copying them.
            stream.Position = 0;
        }

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
