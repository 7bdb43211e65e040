using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gantry.Core.Filters;

/// <summary>Reads what stands between quotes, with the escapes of Go's string literals.</summary>
internal static class QuotedText
{
    /// <summary>Takes the quotes off and resolves the escapes.</summary>
    /// <param name="quoted">A text whose first and last characters are the same quote, as the scanner found it.</param>
    /// <param name="text">What it means.</param>
    /// <returns>False when an escape stands for no character.</returns>
    public static bool TryUnquote(ReadOnlySpan<char> quoted, out string text)
    {
        char quote = quoted[0];
        ReadOnlySpan<char> inner = quoted[1..^1];
        if (!inner.Contains('\\'))
        {
            text = inner.ToString();
            return true;
        }

        // Escapes may stand for single bytes of UTF-8, so the text is put together in bytes.
        ArrayBufferWriter<byte> bytes = new(inner.Length * 3);
        while (inner.Length > 0)
        {
            int escape = inner.IndexOf('\\');
            ReadOnlySpan<char> plain = escape < 0 ? inner : inner[..escape];
            Encoding.UTF8.GetBytes(plain, bytes);
            inner = inner[plain.Length..];
            if (inner.Length > 0 && !TryReadEscape(ref inner, quote, bytes))
            {
                text = "";
                return false;
            }
        }

        text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        return true;
    }

    private static bool TryReadEscape(ref ReadOnlySpan<char> rest, char quote, ArrayBufferWriter<byte> bytes)
    {
        char kind = rest[1];
        int digits = kind switch { 'x' => 2, 'u' => 4, 'U' => 8, >= '0' and <= '7' => 3, _ => 0 };
        if (digits == 0)
        {
            rest = rest[2..];
            return TryAppend(kind, quote, bytes);
        }

        bool octal = kind is >= '0' and <= '7';
        int start = octal ? 1 : 2;
        ReadOnlySpan<char> number = rest.Slice(start, digits);
        rest = rest[(start + digits)..];
        uint value;
        if (octal)
        {
            if (number.ContainsAnyExceptInRange('0', '7'))
            {
                return false;
            }

            value = (uint)(((number[0] - '0') << 6) | ((number[1] - '0') << 3) | (number[2] - '0'));
        }
        else
        {
            value = uint.Parse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        return octal || kind == 'x' ? TryAppendByte(value, bytes) : TryAppendRune(value, bytes);
    }

    private static bool TryAppend(char kind, char quote, ArrayBufferWriter<byte> bytes)
    {
        int value = kind switch
        {
            'a' => 7,
            'b' => 8,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            '\\' => '\\',
            _ => kind == quote ? kind : -1,
        };
        return value >= 0 && TryAppendByte((uint)value, bytes);
    }

    private static bool TryAppendByte(uint value, ArrayBufferWriter<byte> bytes)
    {
        if (value > byte.MaxValue)
        {
            return false;
        }

        bytes.Write([(byte)value]);
        return true;
    }

    private static bool TryAppendRune(uint value, ArrayBufferWriter<byte> bytes)
    {
        if (value > 0x10ffff)
        {
            return false;
        }

        // Half a surrogate pair is legal in the language, and means the character that stands for what is unknown.
        Rune rune = Rune.IsValid(value) ? new Rune(value) : Rune.ReplacementChar;
        Span<byte> utf8 = stackalloc byte[4];
        bytes.Write(utf8[..rune.EncodeToUtf8(utf8)]);
        return true;
    }
}
