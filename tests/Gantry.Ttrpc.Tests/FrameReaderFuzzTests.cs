using System.Buffers.Binary;
using Gantry.Ttrpc.Internal;
using Xunit;

namespace Gantry.Ttrpc.Tests;

public sealed class FrameReaderFuzzTests
{
    private const string Header = "000000030000000101000a0b0c";

    /// <summary>Reads any bytes in pieces of any size, and compares with a reader that has them all at once.</summary>
    internal static async Task FuzzAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        (List<(uint, byte, byte, string)> expected, bool torn) = ReadAll(bytes);
        foreach (int piece in new[] { 1, 7, 4096, int.MaxValue })
        {
            List<(uint, byte, byte, string)> found = [];
            using FrameReader reader = new(new PieceStream(bytes, piece));
            bool ended = false;
            while (!ended)
            {
                try
                {
                    Frame? frame = await reader.ReadAsync(cancellationToken);
                    ended = frame is null;
                    if (frame is { } read)
                    {
                        found.Add((
                            read.StreamId,
                            (byte)read.Type,
                            (byte)read.Header.Flags,
                            Convert.ToHexString(read.Payload.Span)));
                    }
                }
                catch (EndOfStreamException)
                {
                    Assert.True(torn, "the reader says that a frame is cut short, and none is");
                    ended = true;
                    torn = true;
                }
            }

            Assert.Equal(expected, found);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData(Header)]
    [InlineData(Header + Header)]
    [InlineData(Header + "0000")]
    [InlineData("00000003000000010100")]
    [InlineData("000000030000000101000a")]
    [InlineData("00000000000000000000")]
    [InlineData("ffffffffffffffffffff")]
    [InlineData("00400001000000010100aabb")]
    [InlineData("00400000000000010100aabb")]
    [InlineData("00001000000000010100")]
    [InlineData("0000000000000003ff07" + Header)]
    public Task The_corpus_is_read_as_it_should_be(string hex) =>
        FuzzAsync(Convert.FromHexString(hex), TestContext.Current.CancellationToken);

    [Fact]
    public async Task Random_frames_right_and_wrong_are_read_as_they_should_be()
    {
        Random random = new(3);
        for (int i = 0; i < 500; i++)
        {
            using MemoryStream stream = new();
            for (int frames = random.Next(4); frames >= 0; frames--)
            {
                byte[] payload = new byte[random.Next(8) switch { 0 => random.Next(20_000), 1 => 4096, _ => random.Next(60) }];
                random.NextBytes(payload);
                stream.Write(RawPeer.Frame((uint)random.Next(), (byte)random.Next(5), (byte)random.Next(8), payload));
            }

            byte[] bytes = stream.ToArray();
            if (random.Next(3) == 0)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            await FuzzAsync(bytes[..random.Next(bytes.Length + 1)], TestContext.Current.CancellationToken);
        }
    }

    private static (List<(uint, byte, byte, string)> Frames, bool Torn) ReadAll(byte[] bytes)
    {
        List<(uint, byte, byte, string)> frames = [];
        ReadOnlySpan<byte> left = bytes;
        while (left.Length >= 10)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(left);
            if (left.Length - 10 < length)
            {
                return (frames, true);
            }

            ReadOnlySpan<byte> payload = left.Slice(10, (int)length);
            frames.Add((
                BinaryPrimitives.ReadUInt32BigEndian(left[4..]),
                left[8],
                left[9],
                length > 4 << 20 ? "" : Convert.ToHexString(payload)));
            left = left[(10 + (int)length)..];
        }

        return (frames, left.Length > 0);
    }

    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
    }
}
