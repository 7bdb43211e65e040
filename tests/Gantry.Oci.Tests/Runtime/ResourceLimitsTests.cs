using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class ResourceLimitsTests
{
    private const long MiB = 1 << 20;

    public static TheoryData<ResourceLimits, string> Refused => new()
    {
        { new() { Memory = 1000 }, "memory limit 1000: not at least 524288" },
        { new() { Memory = -1 }, "memory limit -1: not at least 524288" },
        { new() { MemorySwap = 64 * MiB }, "memory and swap limit: it needs a memory limit as well" },
        { new() { Memory = 64 * MiB, MemorySwap = MiB }, "memory and swap limit 1048576: not at least the memory limit, 67108864" },
        { new() { Memory = MiB, MemoryReservation = 2 * MiB }, "memory reservation 2097152: not at most the memory limit, 1048576" },
        { new() { MemorySwappiness = 101 }, "memory swappiness 101: not 0 to 100" },
        { new() { CpuShares = 1 }, "cpu shares 1: not 2 to 262144" },
        { new() { CpuPeriod = 999 }, "cpu period 999: not 1000 to 1000000" },
        { new() { CpuQuota = 999 }, "cpu quota 999: not at least 1000" },
        { new() { CpuQuota = 5000, Cpus = 1 }, "number of processors: it and quota or period can't be used together" },
        { new() { Cpus = 0 }, "number of processors 0: not 0.01 to 100000" },
        { new() { Cpus = double.NaN }, "number of processors NaN: not 0.01 to 100000" },
        { new() { Pids = -2 }, "pids limit -2: not -1 for none, or positive" },
        { new() { BlockWeight = 9 }, "block device weight 9: not 10 to 1000" },
        { new() { BlockWeightDevices = [new() { Weight = 1001 }] }, "block device weight 1001: not 10 to 1000" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_out_of_bounds_or_does_not_go_together_is_refused(ResourceLimits limits, string message)
    {
        FormatException failure = Assert.Throws<FormatException>(() => limits.Over(new SpecResources()));

        Assert.Equal(message, failure.Message);
    }

    [Fact]
    public void Limits_become_those_of_the_cgroup()
    {
        SpecResources resources = new ResourceLimits
        {
            Cpus = 0.5,
            Memory = 64 * MiB,
            MemorySwap = -1,
            Pids = 0,
            CpusetCpus = "0-1",
        }.Over(new SpecResources());

        Assert.Equal((64 * MiB, -1), (resources.Memory!.Limit, resources.Memory.Swap));
        Assert.Equal((50_000, 100_000ul, "0-1"), (resources.Cpu!.Quota, resources.Cpu.Period, resources.Cpu.Cpus));
        Assert.Equal(-1, resources.Pids!.Limit);
        Assert.Null(resources.BlockIo);
    }

    [Fact]
    public void What_is_not_said_stays_as_it_was()
    {
        SpecResources old = new()
        {
            Memory = new SpecMemory { Limit = 2 * MiB, Swappiness = 7 },
            Cpu = new SpecCpu { Shares = 100, Mems = "0" },
            Devices = [new SpecDeviceRule { Access = "rwm" }],
        };

        SpecResources changed = new ResourceLimits { MemoryReservation = MiB, CpuShares = 200 }.Over(old);

        Assert.Equal((2 * MiB, MiB, 7ul), (changed.Memory!.Limit, changed.Memory.Reservation, changed.Memory.Swappiness));
        Assert.Equal((200ul, "0"), (changed.Cpu!.Shares, changed.Cpu.Mems));
        Assert.Same(old.Devices, changed.Devices);
    }

    [Fact]
    public void No_limits_change_nothing()
    {
        Assert.Equal(new SpecResources(), new ResourceLimits().Over(new SpecResources()));
    }
}
