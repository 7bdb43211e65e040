using System.Security.Cryptography;
using Gantry.Archive.Compression;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Compression;

public sealed class CompressorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<CompressionKind, int> Sizes()
    {
        TheoryData<CompressionKind, int> data = [];
        foreach (int size in new[] { 0, 1, 1 << 20, (1 << 20) + 1, 2 << 20, 7_654_321 })
        {
            data.Add(CompressionKind.Gzip, size);
            data.Add(CompressionKind.Zstd, size);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task What_was_packed_is_what_comes_out(CompressionKind kind, int size)
    {
        byte[] data = Data(size);

        byte[] packed = await PackAsync(data, 100_000, kind);

        Assert.Equal(kind, Decompressor.Detect(packed));
        await using Stream unpacking = await Decompressor.OpenAsync(new MemoryStream(packed), Token);
        using MemoryStream unpacked = new();
        await unpacking.CopyToAsync(unpacked, Token);
        Assert.Equal(data, unpacked.ToArray());
    }

    [Theory]
    [InlineData(CompressionKind.Gzip)]
    [InlineData(CompressionKind.Zstd)]
    public async Task The_bytes_do_not_depend_on_how_they_were_written(CompressionKind kind)
    {
        byte[] data = Data(5_333_333);

        byte[] one = await PackAsync(data, data.Length, kind);
        byte[] other = await PackAsync(data, 4097, kind);

        Assert.Equal(one, other);
    }

    [Theory]
    [InlineData(CompressionKind.Gzip, "gzip")]
    [InlineData(CompressionKind.Zstd, "zstd")]
    public async Task The_program_of_the_format_finds_it_whole(CompressionKind kind, string program)
    {
        Needs.Program(program);
        using TempDirectory directory = new();
        byte[] data = Data(5_000_000);
        await File.WriteAllBytesAsync(directory["packed"], await PackAsync(data, 65536, kind), Token);

        string sum = await Shell.RunAsync(directory.Path, $"{program} -t <packed && {program} -dc <packed | sha256sum");

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

    private static async Task<byte[]> PackAsync(byte[] data, int step, CompressionKind kind)
    {
        using MemoryStream packed = new();
        await using (Stream packing = Compressor.Open(packed, kind))
        {
            for (int i = 0; i < data.Length; i += step)
            {
                await packing.WriteAsync(data.AsMemory(i, Math.Min(step, data.Length - i)), Token);
            }
        }

        return packed.ToArray();
    }
}
