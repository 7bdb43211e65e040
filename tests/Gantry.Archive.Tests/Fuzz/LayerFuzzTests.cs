using System.Diagnostics;
using System.IO.Compression;
using Gantry.Archive.Compression;
using Xunit;

namespace Gantry.Archive.Tests.Fuzz;

/// <summary>
/// Layers changed at random: archives, whiteouts, and packed data. The corpus is replayed as it is, and then changed
/// for some rounds; <c>GANTRY_FUZZ_SECONDS</c> makes it go on for as long, from <c>GANTRY_SEED</c>. What breaks
/// something is put in the corpus.
/// </summary>
public sealed class LayerFuzzTests : IDisposable
{
    private const int DefaultRounds = 150;

    private readonly LayerFuzz _fuzz = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string CorpusDirectory => Path.Combine(AppContext.BaseDirectory, "Fuzz", "corpus");

    public void Dispose() => _fuzz.Dispose();

    [Fact]
    public async Task The_corpus_is_applied_or_refused()
    {
        foreach (byte[] data in Corpus())
        {
            await _fuzz.RunAsync(data, Token);
        }
    }

    [Fact]
    public async Task What_comes_of_changing_the_corpus_is_applied_or_refused()
    {
        TimeSpan limit = TimeSpan.FromSeconds(Number("GANTRY_FUZZ_SECONDS", 0));
        byte[][] corpus = [.. Corpus()];
        int seed = Number("GANTRY_SEED", 1);
        long started = Stopwatch.GetTimestamp();
        for (int round = 0; round < DefaultRounds || Stopwatch.GetElapsedTime(started) < limit; round++)
        {
            Random random = new(seed + round);
            byte[] data = new Mutator(seed + round).Change(Pick(), Pick());
            try
            {
                TarReaderFuzz.Fuzz(data);
                await _fuzz.RunAsync(data, Token);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                string kept = Path.Combine(Path.GetTempPath(), $"gantry-fuzz-{seed + round}");
                await File.WriteAllBytesAsync(kept, data, Token);
                throw new InvalidOperationException($"seed {seed + round} breaks something, see {kept}", exception);
            }

            byte[] Pick() => corpus[random.Next(corpus.Length)];
        }
    }

    private static IEnumerable<byte[]> Corpus() => Directory.GetFiles(CorpusDirectory)
        .Order(StringComparer.Ordinal)
        .Select(File.ReadAllBytes)
        .Concat(MadeCorpus.All().SelectMany(Packed));

    private static IEnumerable<byte[]> Packed(byte[] tar) =>
        [tar, Pack(tar, CompressionKind.Gzip), Pack(tar, CompressionKind.Zstd)];

    private static byte[] Pack(byte[] tar, CompressionKind kind)
    {
        using MemoryStream packed = new();
        using (Stream packing = kind == CompressionKind.Gzip
            ? new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)
            : new ZstdSharp.CompressionStream(packed, leaveOpen: true))
        {
            packing.Write(tar);
        }

        return packed.ToArray();
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int number) ? number : otherwise;
}
