using System.Buffers.Binary;
using System.IO.Compression;
using Gantry.Archive.Streams;
using Gantry.Core.Errors;
using ZstdSharp;

namespace Gantry.Archive.Compression;

/// <summary>
/// Unpacks a stream by what its first bytes say, as containerd does: layers whose media type lies about it exist. What
/// ends too early is an error.
/// </summary>
public static class Decompressor
{
    private const int ReadAhead = 128 * 1024;
    private const uint ZstdMagic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const string StrictSwitch = "System.IO.Compression.UseStrictValidation";

    private static readonly Lazy<bool> SeesTruncation = new(TryTruncated);

    // Without the switch GZipStream takes the end of its input for the end of the data, wherever it comes.
    static Decompressor() => AppContext.SetSwitch(StrictSwitch, true);

    /// <summary>Opens a stream for reading what it holds, unpacked.</summary>
    /// <param name="compressed">The stream; it stays the caller's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The unpacked bytes; the caller disposes it.</returns>
    public static async Task<Stream> OpenAsync(Stream compressed, CancellationToken cancellationToken)
    {
        PeekStream source = new(compressed, ReadAhead);
        ReadOnlyMemory<byte> head = await source.PeekAsync(8, cancellationToken);
        CompressionKind kind = Detect(head.Span);
        if (kind == CompressionKind.Gzip && !SeesTruncation.Value)
        {
            throw new GantryException(
                ErrorKind.Internal, $"gzip: truncated data would pass unseen, set {StrictSwitch} for this program");
        }

        return kind switch
        {
            CompressionKind.Gzip => new GZipStream(source, CompressionMode.Decompress),
            CompressionKind.Zstd => new DecompressionStream(source, ReadAhead, leaveOpen: false),
            _ => source,
        };
    }

    /// <summary>What the first bytes of a stream say.</summary>
    /// <param name="head">At least 8 bytes, or all there are.</param>
    public static CompressionKind Detect(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith<byte>([0x1f, 0x8b, 0x08]))
        {
            return CompressionKind.Gzip;
        }

        if (head.Length < 4)
        {
            return CompressionKind.None;
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(head);
        return magic == ZstdMagic || (magic & 0xFFFFFFF0) == SkippableMagic
            ? CompressionKind.Zstd
            : CompressionKind.None;
    }

    /// <summary>True when an exception of a decompressor means that its input is malformed or ends too early.</summary>
    /// <param name="exception">The exception.</param>
    internal static bool IsMalformed(Exception exception) =>
        exception is InvalidDataException or EndOfStreamException or ZstdException;

    /// <summary>The error to tell a client for what <see cref="IsMalformed"/> says yes to.</summary>
    /// <param name="exception">The exception.</param>
    internal static GantryException Malformed(Exception exception) => new(
        ErrorKind.InvalidArgument,
        exception switch
        {
            EndOfStreamException => "zstd: unexpected EOF",
            ZstdException => $"zstd: {exception.Message}",
            _ when exception.Message.Contains("truncated", StringComparison.Ordinal) => "gzip: unexpected EOF",
            _ => "gzip: invalid data",
        },
        exception);

    private static bool TryTruncated()
    {
        // An empty gzip stream without the last byte of its trailer.
        byte[] truncated = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0];
        using GZipStream stream = new(new MemoryStream(truncated), CompressionMode.Decompress);
        try
        {
            return stream.ReadByte() >= 0;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
