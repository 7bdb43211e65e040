using System.Collections.ObjectModel;
using System.Globalization;

namespace Gantry.Linux.Cgroups;

/// <summary>What version 2's controllers count. What a machine lacks is null or empty.</summary>
public sealed record CgroupV2Stats
{
    /// <summary>The number of processes and its limit; the largest number for none.</summary>
    public (ulong Current, ulong Limit)? Pids { get; private init; }

    /// <summary>CPU: names as in <c>cpu.stat</c>.</summary>
    public IReadOnlyDictionary<string, ulong> Cpu { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Memory: names as in <c>memory.stat</c>.</summary>
    public IReadOnlyDictionary<string, ulong> Memory { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Names as in <c>memory.events</c>.</summary>
    public IReadOnlyDictionary<string, ulong> MemoryEvents { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Use of memory in bytes.</summary>
    public ulong MemoryUsage { get; private init; }

    /// <summary>Its limit; the largest number for none.</summary>
    public ulong MemoryLimit { get; private init; }

    /// <summary>The most memory that was used.</summary>
    public ulong MemoryPeak { get; private init; }

    /// <summary>Use of swap in bytes.</summary>
    public ulong SwapUsage { get; private init; }

    /// <summary>Its limit; the largest number for none.</summary>
    public ulong SwapLimit { get; private init; }

    /// <summary>The most swap that was used.</summary>
    public ulong SwapPeak { get; private init; }

    /// <summary>Block devices.</summary>
    public IReadOnlyList<DeviceUsage> Io { get; private init; } = [];

    /// <summary>Huge pages by size, such as <c>2MB</c>.</summary>
    public IReadOnlyDictionary<string, HugePageUsage> HugePages { get; private init; } =
        ReadOnlyDictionary<string, HugePageUsage>.Empty;

    /// <summary>RDMA devices: what they use.</summary>
    public IReadOnlyList<RdmaUsage> RdmaCurrent { get; private init; } = [];

    /// <summary>RDMA devices: what they may use.</summary>
    public IReadOnlyList<RdmaUsage> RdmaLimit { get; private init; } = [];

    /// <summary>Waiting for the CPU.</summary>
    public Pressure? CpuPressure { get; private init; }

    /// <summary>Waiting for memory.</summary>
    public Pressure? MemoryPressure { get; private init; }

    /// <summary>Waiting for block devices.</summary>
    public Pressure? IoPressure { get; private init; }

    /// <summary>Reads the counters.</summary>
    /// <param name="directory">The cgroup's directory.</param>
    public static CgroupV2Stats Read(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new CgroupV2Stats
        {
            Pids = CgroupFiles.Number(directory, "pids.current") is { } current
                ? (current, CgroupFiles.Number(directory, "pids.max") ?? ulong.MaxValue)
                : null,
            Cpu = CgroupFiles.Table(directory, "cpu.stat"),
            Memory = CgroupFiles.Table(directory, "memory.stat"),
            MemoryEvents = CgroupFiles.Table(directory, "memory.events"),
            MemoryUsage = CgroupFiles.Number(directory, "memory.current") ?? 0,
            MemoryLimit = CgroupFiles.Number(directory, "memory.max") ?? 0,
            MemoryPeak = CgroupFiles.Number(directory, "memory.peak") ?? 0,
            SwapUsage = CgroupFiles.Number(directory, "memory.swap.current") ?? 0,
            SwapLimit = CgroupFiles.Number(directory, "memory.swap.max") ?? 0,
            SwapPeak = CgroupFiles.Number(directory, "memory.swap.peak") ?? 0,
            Io = ReadIo(directory),
            HugePages = ReadHugePages(directory),
            RdmaCurrent = RdmaUsage.Read(directory, "rdma.current"),
            RdmaLimit = RdmaUsage.Read(directory, "rdma.max"),
            CpuPressure = ReadPressure(directory, "cpu.pressure"),
            MemoryPressure = ReadPressure(directory, "memory.pressure"),
            IoPressure = ReadPressure(directory, "io.pressure"),
        };
    }

    /// <summary>Lines such as <c>8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0</c>.</summary>
    private static List<DeviceUsage> ReadIo(string directory)
    {
        List<DeviceUsage> result = [];
        foreach (string line in CgroupFiles.Lines(Path.Combine(directory, "io.stat")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] device = words.Length == 0 ? [] : words[0].Split(':');
            if (device.Length == 2 && CgroupFiles.Parse(device[0]) is { } major
                && CgroupFiles.Parse(device[1]) is { } minor)
            {
                result.Add(new DeviceUsage(
                    major,
                    minor,
                    CgroupFiles.Named(words, "rbytes"),
                    CgroupFiles.Named(words, "wbytes"),
                    CgroupFiles.Named(words, "rios"),
                    CgroupFiles.Named(words, "wios")));
            }
        }

        return result;
    }

    private static Dictionary<string, HugePageUsage> ReadHugePages(string directory)
    {
        Dictionary<string, HugePageUsage> result = new(StringComparer.Ordinal);
        const string Prefix = "hugetlb.";
        const string Suffix = ".current";
        foreach (string file in Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory, Prefix + "*" + Suffix)
            : [])
        {
            string size = Path.GetFileName(file)[Prefix.Length..^Suffix.Length];
            if (!size.EndsWith(".rsvd", StringComparison.Ordinal))
            {
                result[size] = new HugePageUsage(
                    CgroupFiles.Number(directory, $"{Prefix}{size}.current") ?? 0,
                    CgroupFiles.Number(directory, $"{Prefix}{size}.max") ?? 0,
                    CgroupFiles.Table(directory, $"{Prefix}{size}.events").GetValueOrDefault("max"));
            }
        }

        return result;
    }

    /// <summary>Lines such as <c>some avg10=0.00 avg60=0.00 avg300=0.00 total=0</c>.</summary>
    private static Pressure? ReadPressure(string directory, string name)
    {
        PressureLine? some = null;
        PressureLine? full = null;
        foreach (string line in CgroupFiles.Lines(Path.Combine(directory, name)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            PressureLine parsed = new(
                Fraction(words, "avg10"),
                Fraction(words, "avg60"),
                Fraction(words, "avg300"),
                CgroupFiles.Named(words, "total"));
            if (words.Length > 0 && words[0] == "some")
            {
                some = parsed;
            }
            else
            {
                full = parsed;
            }
        }

        return some is null && full is null ? null : new Pressure(some, full);
    }

    private static double Fraction(string[] words, string name) =>
        double.TryParse(CgroupFiles.Value(words, name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : 0;

    /// <summary>A block device.</summary>
    /// <param name="Major">The device's major number.</param>
    /// <param name="Minor">The device's minor number.</param>
    /// <param name="ReadBytes">Bytes read.</param>
    /// <param name="WrittenBytes">Bytes written.</param>
    /// <param name="Reads">Operations of reading.</param>
    /// <param name="Writes">Operations of writing.</param>
    public sealed record DeviceUsage(
        ulong Major, ulong Minor, ulong ReadBytes, ulong WrittenBytes, ulong Reads, ulong Writes);

    /// <summary>Huge pages of a size.</summary>
    /// <param name="Current">In use, in bytes.</param>
    /// <param name="Limit">The limit; the largest number for none.</param>
    /// <param name="FailCount">How often the limit was hit.</param>
    public sealed record HugePageUsage(ulong Current, ulong Limit, ulong FailCount);

    /// <summary>How much of the time processes wait.</summary>
    /// <param name="Some">At least one.</param>
    /// <param name="Full">All.</param>
    public sealed record Pressure(PressureLine? Some, PressureLine? Full);

    /// <summary>Waiting, in percent of the time.</summary>
    /// <param name="Average10">Over ten seconds.</param>
    /// <param name="Average60">Over a minute.</param>
    /// <param name="Average300">Over five minutes.</param>
    /// <param name="Total">In microseconds, since the start.</param>
    public sealed record PressureLine(double Average10, double Average60, double Average300, ulong Total);
}
