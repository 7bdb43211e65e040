using System.IO.Compression;
using System.Security.Cryptography;
using Gantry.Archive.Compression;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Compression;

public sealed class GzipTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(7_654_321)]
    public async Task What_was_packed_is_what_comes_out(int size)
    {
        byte[] data = Data(size);

        byte[] packed = await PackAsync(data, 100_000);

        using GZipStream unpacking = new(new MemoryStream(packed), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        await unpacking.CopyToAsync(unpacked, Token);
        Assert.Equal(data, unpacked.ToArray());
    }

    [Fact]
    public async Task The_bytes_do_not_depend_on_how_they_were_written()
    {
        byte[] data = Data(3_333_333);

        byte[] one = await PackAsync(data, data.Length);
        byte[] other = await PackAsync(data, 4097);

        Assert.Equal(one, other);
    }

    [Fact]
    public async Task Gzip_finds_one_whole_member()
    {
        using TempDirectory directory = new();
        byte[] data = Data(5_000_000);
        string path = Path.Combine(directory.Path, "data.gz");
        await File.WriteAllBytesAsync(path, await PackAsync(data, 65536), Token);

        string sum = await Shell.RunAsync(directory.Path, "gzip -t data.gz && gzip -dc data.gz | sha256sum");

        Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(data)), sum, StringComparison.Ordinal);
    }

    /// <summary>Half of it can be shrunk and half can't.</summary>
    private static byte[] Data(int size)
    {
        byte[] data = new byte[size];
        Random random = new(size);
        random.NextBytes(data.AsSpan(0, size / 2));
        for (int i = size / 2; i < size; i++)
        {
            data[i] = (byte)("some text that comes again and again"[i % 31] + random.Next(2));
        }

        return data;
    }

    private static async Task<byte[]> PackAsync(byte[] data, int step)
    {
        using MemoryStream packed = new();
        await using (Stream packing = Compressor.Open(packed, CompressionKind.Gzip))
        {
            for (int i = 0; i < data.Length; i += step)
            {
                await packing.WriteAsync(data.AsMemory(i, Math.Min(step, data.Length - i)), Token);
            }
        }

        return packed.ToArray();
    }
}
