using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gantry.Archive.Tests;

/// <summary>Writes archives byte by byte, hostile ones too, independently of the reader.</summary>
internal sealed class TarBuilder
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public TarBuilder Directory(string name, uint mode = 0x1ED, long mtime = 1_600_000_000) =>
        Add(name, '5', mode: mode, mtime: mtime);

    public TarBuilder File(string name, string data = "", uint mode = 0x1A4, long mtime = 1_600_000_000) =>
        Add(name, '0', Encoding.UTF8.GetBytes(data), mode: mode, mtime: mtime);

    public TarBuilder Symlink(string name, string target) => Add(name, '2', link: target, mode: 0x1FF);

    public TarBuilder HardLink(string name, string target) => Add(name, '1', link: target);

    /// <summary>Texts are Latin-1: each character one byte.</summary>
    public TarBuilder Add(
        string name,
        char type,
        byte[]? data = null,
        string link = "",
        uint mode = 0x1A4,
        long uid = 0,
        long gid = 0,
        long mtime = 1_600_000_000,
        uint major = 0,
        uint minor = 0,
        long? size = null)
    {
        byte[] block = new byte[512];
        Put(block, 0, name);
        Octal(block, 100, 8, mode);
        Octal(block, 108, 8, uid);
        Octal(block, 116, 8, gid);
        Octal(block, 124, 12, size ?? data?.Length ?? 0);
        Octal(block, 136, 12, mtime);
        block[156] = (byte)type;
        Put(block, 157, link);
        Put(block, 257, "ustar\0" + "00");
        Octal(block, 329, 8, major);
        Octal(block, 337, 8, minor);
        Checksum(block);
        _bytes.Write(block);
        if (data is not null)
        {
            _bytes.Write(data);
            _bytes.Write(new byte[-data.Length & 511]);
        }

        return this;
    }

    /// <summary>PAX records for the next entry; values are Latin-1.</summary>
    public TarBuilder Pax(params (string Key, string Value)[] records)
    {
        List<byte> body = [];
        foreach ((string key, string value) in records)
        {
            int length = key.Length + value.Length + 3;
            int digits = length.ToString(CultureInfo.InvariantCulture).Length;
            digits = (length + digits).ToString(CultureInfo.InvariantCulture).Length;
            body.AddRange(Encoding.Latin1.GetBytes($"{length + digits} {key}={value}\n"));
        }

        return Add("PaxHeaders/x", 'x', [.. body]);
    }

    public TarBuilder Raw(byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] Build()
    {
        byte[] end = new byte[1024];
        _bytes.Write(end);
        return _bytes.WrittenSpan.ToArray();
    }

    internal static void Checksum(Span<byte> block)
    {
        block.Slice(148, 8).Fill((byte)' ');
        long sum = 0;
        foreach (byte value in block[..512])
        {
            sum += value;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", block[148..156]);
    }

    private static void Put(byte[] block, int offset, string text) => Encoding.Latin1.GetBytes(text, block.AsSpan(offset));

    private static void Octal(byte[] block, int offset, int length, long value) =>
        Put(block, offset, Convert.ToString(value, 8).PadLeft(length - 1, '0'));
}
