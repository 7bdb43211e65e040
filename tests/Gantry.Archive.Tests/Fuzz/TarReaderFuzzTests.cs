using Xunit;

namespace Gantry.Archive.Tests.Fuzz;

public sealed class TarReaderFuzzTests
{
    public static TheoryData<string> Corpus()
    {
        string directory = Path.Combine(AppContext.BaseDirectory, "Fuzz", "corpus");
        return [.. Directory.GetFiles(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void The_corpus_and_what_comes_of_changing_it_breaks_nothing(string name)
    {
        byte[] seed = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fuzz", "corpus", name));
        TarReaderFuzz.Fuzz(seed);

        Random random = new(20240601);
        for (int round = 0; round < 500; round++)
        {
            byte[] data = (byte[])seed.Clone();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                data[random.Next(data.Length)] = (byte)random.Next(256);
            }

            // A changed header would be refused for its checksum alone.
            for (int block = 0; block + 512 <= data.Length && round % 2 == 0; block += 512)
            {
                if (data.AsSpan(block + 257, 5).SequenceEqual("ustar"u8))
                {
                    TarBuilder.Checksum(data.AsSpan(block, 512));
                }
            }

            TarReaderFuzz.Fuzz(data.AsSpan(0, random.Next(4) == 0 ? random.Next(data.Length) : data.Length));
        }
    }
}
