using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Linux.Io;
using Gantry.Shim.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Io;

/// <summary>
/// A file of what a process writes, a line each with its time, in the form that kubelet and crictl know:
/// <c>2026-11-24T14:35:32.1234567Z stdout F text</c>. A line that came in parts is marked P in all but the last. A file that
/// the next line would make too large is put aside as <c>PATH.1</c>, that as <c>PATH.2</c>, and the oldest is thrown away.
/// </summary>
/// <remarks>
/// Its name is <c>logfile://PATH?max-size=BYTES&amp;max-files=COUNT</c>. It is written on the I/O loop, one call at a time.
/// </remarks>
internal sealed class LogFile : IDisposable
{
    private const int FilesLimit = 100;
    private const long DefaultSize = 10 << 20;
    private const long LeastSize = 4 << 10;
    private const int DefaultFiles = 3;
    private const int BufferSize = 32 * 1024;
    private const uint FileMode = 0b110_100_000;
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_000;

    private readonly string _path;
    private readonly long _maxSize;
    private readonly int _maxFiles;
    private readonly TimeProvider _time;
    private readonly ShimLog _log;
    private SafeFileHandle? _file;
    private long _size;

    private LogFile(string path, long maxSize, int maxFiles, TimeProvider time, ShimLog log)
    {
        _path = path;
        _maxSize = maxSize;
        _maxFiles = maxFiles;
        _time = time;
        _log = log;
    }

    /// <summary>Opens it, to be added to.</summary>
    /// <param name="uri">Its name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where is told what cannot be written.</param>
    /// <exception cref="GantryException">It cannot be opened.</exception>
    public static LogFile Open(StreamUri uri, TimeProvider time, ShimLog log)
    {
        LogFile file = new(
            uri.Path,
            Number(uri, "max-size", DefaultSize, LeastSize, long.MaxValue),
            (int)Number(uri, "max-files", DefaultFiles, 1, FilesLimit),
            time,
            log);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(uri.Path) ?? "/", DirectoryMode);
            file.OpenFile();
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GantryException(
                ErrorKind.Unknown, $"failed to create init process I/O: log file {uri.Path}: {e.Message}", e);
        }
    }

    /// <summary>Adds what was written to one of the streams.</summary>
    /// <param name="stream">Its name, with a blank before and after.</param>
    /// <param name="bytes">What was written.</param>
    public void Append(ReadOnlySpan<byte> stream, ReadOnlySpan<byte> bytes)
    {
        Span<byte> now = stackalloc byte[32];
        _ = _time.GetUtcNow().UtcDateTime.TryFormat(
            now, out int length, "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        now = now[..length];
        Span<byte> buffer = stackalloc byte[BufferSize];
        int used = 0;
        bool bounded = true;
        while (bytes.Length > 0)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> text = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            int line = now.Length + stream.Length + text.Length + 3;
            if (used + line > BufferSize || _size + used + line > _maxSize)
            {
                Write(buffer[..used]);
                used = 0;
            }

            if (bounded && _size > 0 && _size + used + line > _maxSize)
            {
                bounded = TryRotate();
            }

            Put(buffer, ref used, now);
            Put(buffer, ref used, stream);
            Put(buffer, ref used, end < 0 ? "P "u8 : "F "u8);
            Put(buffer, ref used, text);
            Put(buffer, ref used, "\n"u8);
        }

        Write(buffer[..used]);
    }

    public void Dispose() => _file?.Dispose();

    private static long Number(StreamUri uri, string key, long usual, long least, long most)
    {
        string? text = uri.Query.FirstOrDefault(pair => pair.Key == key).Value;
        return text is null
            ? usual
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && number >= least && number <= most
                ? number
                : throw new GantryException(ErrorKind.InvalidArgument, $"log file: {key}={text}: not a number from {least}");
    }

    private static void Put(Span<byte> buffer, ref int used, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer[used..]);
        used += bytes.Length;
    }

    private void OpenFile()
    {
        _file = Descriptors.OpenAppend(_path, FileMode);
        _size = new FileInfo(_path).Length;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        // What a full disk does not take is dropped: the process is not to be held up by its log.
        while (bytes.Length > 0 && _file is not null && Descriptors.Write(_file, bytes) is int count and > 0)
        {
            _size += count;
            bytes = bytes[count..];
        }
    }

    private bool TryRotate()
    {
        try
        {
            for (int i = _maxFiles - 1; i > 0; i--)
            {
                string from = i == 1 ? _path : $"{_path}.{i - 1}";
                if (File.Exists(from))
                {
                    File.Move(from, $"{_path}.{i}", overwrite: true);
                }
            }

            if (_maxFiles == 1)
            {
                File.Delete(_path);
            }

            _file?.Dispose();
            _file = null;
            OpenFile();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What comes next tries again.
            _log.Warning($"log file {_path} could not be put aside", e);
            return false;
        }
    }
}
