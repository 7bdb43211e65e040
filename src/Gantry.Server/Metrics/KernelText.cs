using System.Buffers.Text;

namespace Gantry.Server.Metrics;

/// <summary>The small texts of the kernel, as bytes.</summary>
internal static class KernelText
{
    /// <summary>How much of what was read of a file can be understood: one that fills the buffer may end within a number.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="count">How much was read; -1 when nothing could be.</param>
    /// <returns>The length of the whole lines; of a file of one line, of the whole words.</returns>
    public static int Whole(ReadOnlySpan<byte> buffer, int count) =>
        count < buffer.Length ? count
        : buffer.LastIndexOf((byte)'\n') is >= 0 and int line ? line + 1
        : buffer.LastIndexOf((byte)' ') + 1;

    /// <summary>Takes the next line off, which is a word and what follows it.</summary>
    /// <param name="text">The text; the line is taken off.</param>
    /// <param name="key">The first word.</param>
    /// <param name="value">The rest of the line.</param>
    /// <returns>False at the end.</returns>
    public static bool TryNextLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        int space = line.IndexOf((byte)' ');
        key = space < 0 ? line : line[..space];
        value = space < 0 ? default : line[(space + 1)..];
        return line.Length > 0 || text.Length > 0;
    }

    /// <summary>Takes the next word off.</summary>
    /// <param name="text">The text; the word is taken off.</param>
    /// <param name="word">The word.</param>
    /// <returns>False at the end.</returns>
    public static bool TryNextWord(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> word)
    {
        int start = text.IndexOfAnyExcept(" \n"u8);
        if (start < 0)
        {
            word = text = default;
            return false;
        }

        text = text[start..];
        int end = text.IndexOfAny((byte)' ', (byte)'\n');
        word = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[end..];
        return true;
    }

    /// <summary>A number at the start of a text, if there is one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The number; <c>max</c> is the largest.</param>
    public static bool TryNumber(ReadOnlySpan<byte> text, out ulong value)
    {
        if (text.StartsWith("max"u8))
        {
            value = ulong.MaxValue;
            return true;
        }

        return Utf8Parser.TryParse(text, out value, out _);
    }
}
