using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>A file of a cgroup with values that labels tell apart.</summary>
/// <param name="controller">The controller whose directory it is in.</param>
/// <param name="name">Its name.</param>
/// <param name="parse">Reads the values out of what is in it.</param>
/// <param name="implied">
/// Whether what was in the files before, to which it may add, tells all that is in this one; null for a file that always has
/// to be read.
/// </param>
internal sealed class LabeledFile(
    string controller, string name, LabeledFile.Parser parse, Func<List<LabeledValue>, bool>? implied = null)
{
    /// <summary>Reads values.</summary>
    /// <param name="text">What is in the file.</param>
    /// <param name="values">They are added to these.</param>
    internal delegate void Parser(ReadOnlySpan<byte> text, List<LabeledValue> values);

    /// <summary>Version 1.</summary>
    public static IReadOnlyList<LabeledFile> V1 { get; } =
    [
        new("cpuacct", "cpuacct.usage_percpu", ParseCpus),
        .. LabeledMetric.Block.SelectMany(pair => (LabeledFile[])
            [
                // Whichever scheduler counts; of one that does not there is a file of zeros, or none.
                Block($"blkio.bfq.{pair.Key}_recursive", pair.Value),
                Block($"blkio.{pair.Key}_recursive", pair.Value),
                Block($"blkio.throttle.{pair.Key}_recursive", pair.Value),
            ]),
        .. PageSizes().SelectMany(size => (LabeledFile[])
            [
                Number("hugetlb", $"hugetlb.{size}.failcnt", LabeledMetric.HugeFailures, size),
                Number("hugetlb", $"hugetlb.{size}.max_usage_in_bytes", LabeledMetric.HugeMax, size),
                Number("hugetlb", $"hugetlb.{size}.usage_in_bytes", LabeledMetric.HugeUsage, size, IsNeverUsed),
            ]),
    ];

    /// <summary>Version 2.</summary>
    public static IReadOnlyList<LabeledFile> V2 { get; } =
    [
        new("", "io.stat", ParseIo),
        .. PageSizes().Select(size => Number("", $"hugetlb.{size}.current", LabeledMetric.HugeUsage, size)),
    ];

    /// <summary>The controller.</summary>
    public string Controller => controller;

    /// <summary>The name, as the kernel has it.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>Says what is in the file by what was in those before it: reading is what a scrape costs.</summary>
    /// <param name="values">What was in those before; what is in this one is added.</param>
    /// <returns>False when it has to be read.</returns>
    public bool IsImplied(List<LabeledValue> values) => implied?.Invoke(values) ?? false;

    /// <inheritdoc cref="Parser"/>
    public void Parse(ReadOnlySpan<byte> text, List<LabeledValue> values) => parse(text, values);

    private static LabeledFile Block(string name, LabeledMetric metric) =>
        new(
            "blkio",
            name,
            (text, values) => ParseBlock(text, metric, values),
            values => values.Count > 0 && values[^1].Metric == metric);

    private static LabeledFile Number(
        string controller, string name, LabeledMetric metric, string size, Func<List<LabeledValue>, bool>? implied = null)
    {
        byte[] labels = Encoding.UTF8.GetBytes($"page=\"{size}\"");
        return new LabeledFile(
            controller,
            name,
            (text, values) =>
            {
                if (KernelText.TryNumber(text, out ulong value))
                {
                    values.Add(new LabeledValue(metric, labels, value));
                }
            },
            implied);
    }

    /// <summary>Of what was never used, nothing is.</summary>
    private static bool IsNeverUsed(List<LabeledValue> values)
    {
        if (values.Count == 0 || values[^1] is not { Value: 0 } most || most.Metric != LabeledMetric.HugeMax)
        {
            return false;
        }

        values.Add(most with { Metric = LabeledMetric.HugeUsage });
        return true;
    }

    /// <summary>Numbers in the order of processors.</summary>
    private static void ParseCpus(ReadOnlySpan<byte> text, List<LabeledValue> values)
    {
        for (int cpu = 0; KernelText.TryNextWord(ref text, out ReadOnlySpan<byte> word); cpu++)
        {
            if (KernelText.TryNumber(word, out ulong value))
            {
                values.Add(new LabeledValue(LabeledMetric.PerCpu, DeviceLabels.OfCpu(cpu), value));
            }
        }
    }

    /// <summary>Lines such as <c>8:0 Read 4096</c>, or <c>8:0 4096</c> where operations are not told apart.</summary>
    private static void ParseBlock(ReadOnlySpan<byte> text, LabeledMetric metric, List<LabeledValue> values)
    {
        while (KernelText.TryNextLine(ref text, out ReadOnlySpan<byte> device, out ReadOnlySpan<byte> rest))
        {
            if (!device.Contains((byte)':') || !KernelText.TryNextWord(ref rest, out ReadOnlySpan<byte> first))
            {
                continue;
            }

            bool hasOperation = KernelText.TryNextWord(ref rest, out ReadOnlySpan<byte> second);
            if (KernelText.TryNumber(hasOperation ? second : first, out ulong value))
            {
                byte[] labels = DeviceLabels.OfBlock(device, hasOperation ? first : default);
                values.Add(new LabeledValue(metric, labels, value));
            }
        }
    }

    /// <summary>Lines such as <c>8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0</c>.</summary>
    private static void ParseIo(ReadOnlySpan<byte> text, List<LabeledValue> values)
    {
        while (KernelText.TryNextLine(ref text, out ReadOnlySpan<byte> device, out ReadOnlySpan<byte> rest))
        {
            while (device.Contains((byte)':') && KernelText.TryNextWord(ref rest, out ReadOnlySpan<byte> word))
            {
                int equals = word.IndexOf((byte)'=');
                if (equals > 0 && MetricOf(word[..equals]) is { } metric
                    && KernelText.TryNumber(word[(equals + 1)..], out ulong value))
                {
                    values.Add(new LabeledValue(metric, DeviceLabels.OfNumbers(device), value));
                }
            }
        }
    }

    private static LabeledMetric? MetricOf(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("rbytes"u8) ? LabeledMetric.ReadBytes
        : key.SequenceEqual("wbytes"u8) ? LabeledMetric.WrittenBytes
        : key.SequenceEqual("rios"u8) ? LabeledMetric.Reads
        : key.SequenceEqual("wios"u8) ? LabeledMetric.Writes
        : null;

    /// <summary>The sizes of huge pages that the machine has, as the files of cgroups are named: <c>2MB</c>, <c>1GB</c>.</summary>
    private static IEnumerable<string> PageSizes()
    {
        const string directory = "/sys/kernel/mm/hugepages";
        foreach (string path in Directory.Exists(directory) ? Directory.EnumerateDirectories(directory) : [])
        {
            string name = Path.GetFileName(path);
            if (name.StartsWith("hugepages-", StringComparison.Ordinal) && name.EndsWith("kB", StringComparison.Ordinal)
                && long.TryParse(name.AsSpan("hugepages-".Length, name.Length - "hugepages-kB".Length), out long size))
            {
                yield return size >= 1 << 20 ? $"{size >> 20}GB" : size >= 1 << 10 ? $"{size >> 10}MB" : $"{size}KB";
            }
        }
    }
}
