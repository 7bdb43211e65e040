using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Limits of a container, for <c>run</c>, <c>create</c> and <c>update</c>.</summary>
internal sealed class ResourceOptions
{
    private readonly Option<long?> _memory = Size("Limit of memory, such as 64m", "--memory", "-m", "--memory-limit");

    private readonly Option<long?> _swap = new("--memory-swap")
    {
        Description = "Limit of memory and swap together; -1: none",
        HelpName = "size",
        CustomParser = r => r.Tokens[^1].Value == "-1" ? ResourceLimits.Unlimited : Values.Size(r),
    };

    private readonly Option<long?> _reservation = Size(
        "What memory is cut back to when the host runs short", "--memory-reservation");

    private readonly Option<long?> _swappiness = Number(
        "--memory-swappiness", "How eagerly memory is swapped out, 0 to 100 (cgroup v1)");

    private readonly Option<bool?> _noOomKill = new("--oom-kill-disable")
    {
        Description = "Let processes wait for memory instead of killing them (cgroup v1)",
    };

    private readonly Option<double?> _cpus = new("--cpus")
    {
        Description = "Limit of processors, such as 0.5",
        HelpName = "number",
        CustomParser = Values.Processors,
    };

    private readonly Option<long?> _shares = Number("--cpu-shares", "Weight of processor time beside others (1024)");

    private readonly Option<long?> _quota = Number("--cpu-quota", "Microseconds of processor time in each period");

    private readonly Option<long?> _period = Number("--cpu-period", "Length of a period in microseconds");

    private readonly Option<string?> _cpuset = new("--cpuset-cpus")
    {
        Description = "Processors to run on, such as 0-2,7",
        HelpName = "list",
    };

    private readonly Option<string?> _mems = new("--cpuset-mems")
    {
        Description = "Memory nodes to use, such as 0",
        HelpName = "list",
    };

    private readonly Option<long?> _pids = Number("--pids-limit", "Limit of processes and threads; -1: none");

    private readonly Option<long?> _weight = Number("--blkio-weight", "Weight at block devices, 10 to 1000");

    private readonly Option<string[]> _weights = Device("--blkio-weight-device", "Weight at a device, /dev/sda:500");

    private readonly Option<string[]> _readBytes = Device("--device-read-bps", "Bytes read a second, /dev/sda:1m");

    private readonly Option<string[]> _writeBytes = Device("--device-write-bps", "Bytes written a second, /dev/sda:1m");

    private readonly Option<string[]> _reads = Device("--device-read-iops", "Reads a second, /dev/sda:100");

    private readonly Option<string[]> _writes = Device("--device-write-iops", "Writes a second, /dev/sda:100");

    private readonly Option<string[]> _hugepages = Repeated.Option(
        "--hugetlb-limit", "limit", "Limit of huge pages, such as 2MB:64m");

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _memory, _swap, _reservation, _swappiness, _noOomKill, _cpus, _shares, _quota, _period, _cpuset, _mems, _pids,
            _weight, _weights, _readBytes, _writeBytes, _reads, _writes, _hugepages,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>The limits asked for.</summary>
    /// <exception cref="FormatException">One is malformed, or this host lacks what it names.</exception>
    public ResourceLimits ToLimits(ParseResult parse) => new()
    {
        Memory = parse.GetValue(_memory),
        MemorySwap = parse.GetValue(_swap),
        MemoryReservation = parse.GetValue(_reservation),
        MemorySwappiness = parse.GetValue(_swappiness),
        DisableOomKiller = parse.GetValue(_noOomKill),
        Cpus = parse.GetValue(_cpus),
        CpuShares = parse.GetValue(_shares),
        CpuQuota = parse.GetValue(_quota),
        CpuPeriod = parse.GetValue(_period),
        CpusetCpus = Online("processors", "/sys/devices/system/cpu/online", parse.GetValue(_cpuset)),
        CpusetMems = Online("memory nodes", "/sys/devices/system/node/online", parse.GetValue(_mems)),
        Pids = parse.GetValue(_pids),
        BlockWeight = (int?)parse.GetValue(_weight),
        BlockWeightDevices = [.. parse.GetValue(_weights)!.Select(DeviceOption.ParseWeight)],
        DeviceReadBytes = [.. parse.GetValue(_readBytes)!.Select(DeviceOption.ParseBytes)],
        DeviceWriteBytes = [.. parse.GetValue(_writeBytes)!.Select(DeviceOption.ParseBytes)],
        DeviceReadOperations = [.. parse.GetValue(_reads)!.Select(DeviceOption.ParseOperations)],
        DeviceWriteOperations = [.. parse.GetValue(_writes)!.Select(DeviceOption.ParseOperations)],
        Hugepages = [.. parse.GetValue(_hugepages)!.Select(ParseHugepages)],
    };

    /// <summary>A list of what the host has.</summary>
    private static string? Online(string what, string file, string? list)
    {
        if (list is null)
        {
            return null;
        }

        IReadOnlySet<int> wanted = NumberSet.Parse(list);
        string online = File.Exists(file) ? File.ReadAllText(file).Trim() : "0";
        return wanted.IsSubsetOf(NumberSet.Parse(online))
            ? list
            : throw new FormatException($"{what} \"{list}\": this host has {online}");
    }

    private static SpecHugepageLimit ParseHugepages(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string page = colon < 0 ? "" : text[..colon];
        if (!Values.TrySize(page, out long size) || !Values.TrySize(text[(colon + 1)..], out long limit))
        {
            throw new FormatException($"limit of huge pages \"{text}\": not PAGE-SIZE:BYTES, such as 2MB:64m");
        }

        string directory = string.Create(
            CultureInfo.InvariantCulture, $"/sys/kernel/mm/hugepages/hugepages-{size >> 10}kB");
        return Directory.Exists(directory)
            ? new SpecHugepageLimit { PageSize = PageName(size), Limit = (ulong)limit }
            : throw new FormatException($"limit of huge pages \"{text}\": this kernel has no pages of {PageName(size)}");
    }

    /// <summary>The size as the names of cgroup files have it.</summary>
    private static string PageName(long size) => size switch
    {
        >= 1 << 30 => $"{size >> 30}GB",
        >= 1 << 20 => $"{size >> 20}MB",
        _ => $"{size >> 10}KB",
    };

    private static Option<long?> Size(string description, string name, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "size",
        CustomParser = Values.Size,
    };

    private static Option<long?> Number(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = ParseNumber,
    };

    private static long? ParseNumber(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            return value;
        }

        result.AddError($"\"{text}\" is no number");
        return null;
    }

    private static Option<string[]> Device(string name, string description) =>
        Repeated.Option(name, "limit", description);
}
