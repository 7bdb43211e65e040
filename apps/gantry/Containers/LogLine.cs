using System.Globalization;
using System.Text;

namespace Gantry.Cli.Containers;

/// <summary>A line of a container's output, or a part of one.</summary>
/// <param name="Time">When it was written; null if the file does not say.</param>
/// <param name="IsError">Whether it was written to standard error.</param>
/// <param name="Ends">Whether the line ends here.</param>
/// <param name="Text">The bytes.</param>
internal readonly record struct LogLine(DateTimeOffset? Time, bool IsError, bool Ends, ReadOnlyMemory<byte> Text)
{
    /// <summary>Takes a line of a file of lines apart: time, stream, F or P, text. Another line is passed on as it is.</summary>
    public static LogLine Parse(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> bytes = line.Span;
        int first = bytes.IndexOf((byte)' ');
        if (first > 0
            && bytes.Length >= first + 10
            && bytes[first + 1] == 's'
            && bytes[first + 7] == ' '
            && bytes[first + 9] == ' '
            && DateTimeOffset.TryParse(
                Encoding.ASCII.GetString(bytes[..first]),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset time))
        {
            return new LogLine(
                time,
                bytes.Slice(first + 1, 6).SequenceEqual("stderr"u8),
                bytes[first + 8] == 'F',
                line[(first + 10)..]);
        }

        return new LogLine(null, IsError: false, Ends: true, line);
    }
}
