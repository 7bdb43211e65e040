using Gantry.Linux.Cgroups;
using Gantry.Linux.Mounts;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Xunit;

namespace Gantry.Linux.Tests.Cgroups;

public sealed class CgroupTests
{
    [Fact]
    public void A_machine_with_both_versions_counts_as_version_1()
    {
        MountInfo[] mounts =
        [
            Mount("/sys/fs/cgroup", "tmpfs", "rw"),
            Mount("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
            Mount("/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
            Mount("/sys/fs/cgroup/unified", "cgroup2", "rw"),
        ];

        CgroupPaths paths = CgroupPaths.Parse(["4:memory:/a/b", "2:cpu,cpuacct:/", "0::/c", "bad"], mounts);

        Assert.False(paths.Unified);
        Assert.Equal("/sys/fs/cgroup/memory/a/b", paths.Directory("memory"));
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", paths.Directory("cpuacct"));
        Assert.Equal("/sys/fs/cgroup/unified/c", paths.UnifiedDirectory);
        Assert.Null(paths.Directory("pids"));
    }

    [Fact]
    public void A_file_that_could_not_be_opened_for_another_reason_than_that_it_is_not_there_is_tried_again()
    {
        using TempDirectory directory = new();
        File.CreateSymbolicLink(directory["a"], directory["a"]);
        byte[] buffer = new byte[16];
        using KeptFiles files = new(2);

        Assert.Equal(-1, files.Read(0, directory.Path, "a"u8, buffer));
        Assert.Equal(-1, files.Read(1, directory.Path, "b"u8, buffer));
        File.Delete(directory["a"]);
        File.WriteAllText(directory["a"], "12");
        File.WriteAllText(directory["b"], "12");

        Assert.Equal(2, files.Read(0, directory.Path, "a"u8, buffer));
        Assert.Equal(-1, files.Read(1, directory.Path, "b"u8, buffer));
    }

    [Fact]
    public void A_machine_with_version_2_alone_has_one_directory()
    {
        CgroupPaths paths = CgroupPaths.Parse(
            ["0::/system.slice/x.scope"], [Mount("/sys/fs/cgroup", "cgroup2", "rw,nsdelegate")]);

        Assert.True(paths.Unified);
        Assert.Equal("/sys/fs/cgroup/system.slice/x.scope", paths.UnifiedDirectory);
    }

    [Fact]
    public void This_process_has_cgroups_with_itself_in_them()
    {
        CgroupPaths paths = CgroupPaths.OfProcess(Environment.ProcessId);
        Needs.Require(paths.ProcessesDirectory is not null, "cgroups");

        Assert.Contains(Environment.ProcessId, paths.Processes());
    }

    [Fact]
    public void The_files_of_version_2_are_read()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["pids.current"], "3\n");
        File.WriteAllText(directory["pids.max"], "max\n");
        File.WriteAllText(directory["cpu.stat"], "usage_usec 10\nuser_usec 6\nsystem_usec 4\n");
        File.WriteAllText(directory["memory.stat"], "anon 100\nfile 200\n");
        File.WriteAllText(directory["memory.current"], "300\n");
        File.WriteAllText(directory["memory.max"], "400\n");
        File.WriteAllText(directory["memory.events"], "low 0\noom_kill 2\n");
        File.WriteAllText(directory["io.stat"], "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n\n");
        File.WriteAllText(directory["cpu.pressure"], "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\n");
        File.WriteAllText(directory["hugetlb.2MB.current"], "0\n");
        File.WriteAllText(directory["rdma.current"], "mlx4_0 hca_handle=2 hca_object=max\n");

        CgroupV2Stats stats = CgroupV2Stats.Read(directory.Path);

        Assert.Equal((3ul, ulong.MaxValue), stats.Pids!.Value);
        Assert.Equal(10u, stats.Cpu["usage_usec"]);
        Assert.Equal(100u, stats.Memory["anon"]);
        Assert.Equal((300u, 400u), (stats.MemoryUsage, stats.MemoryLimit));
        Assert.Equal(2u, stats.MemoryEvents["oom_kill"]);
        Assert.Equal(new CgroupV2Stats.DeviceUsage(8, 0, 1, 2, 3, 4), Assert.Single(stats.Io));
        Assert.Equal(1.5, stats.CpuPressure?.Some?.Average10);
        Assert.Equal("2MB", Assert.Single(stats.HugePages).Key);
        Assert.Equal(new RdmaUsage("mlx4_0", 2, uint.MaxValue), Assert.Single(stats.RdmaCurrent));
    }

    [Fact]
    public void The_files_of_version_1_are_read()
    {
        using TempDirectory directory = new();
        foreach (string controller in (string[])["pids", "memory", "cpuacct", "blkio"])
        {
            Directory.CreateDirectory(directory[controller]);
        }

        File.WriteAllText(directory["pids/pids.current"], "3\n");
        File.WriteAllText(directory["pids/pids.max"], "max\n");
        File.WriteAllText(directory["memory/memory.stat"], "rss 100\ntotal_rss 200\n");
        File.WriteAllText(directory["memory/memory.usage_in_bytes"], "5\n");
        File.WriteAllText(directory["memory/memory.limit_in_bytes"], "9\n");
        File.WriteAllText(directory["cpuacct/cpuacct.usage"], "1000\n");
        File.WriteAllText(directory["cpuacct/cpuacct.usage_percpu"], "400 600 \n");
        File.WriteAllText(directory["cpuacct/cpuacct.stat"], "user 1\nsystem 2\n");
        File.WriteAllText(directory["blkio/blkio.throttle.io_service_bytes"], "8:0 Read 10\n8:0 Write 20\nTotal 30\n");
        File.WriteAllText(directory["blkio/blkio.bfq.time_recursive"], "8:0 40\n");
        File.WriteAllText(directory["pids/rdma.current"], "mlx4_0 hca_handle=2 hca_object=5\n");
        CgroupPaths paths = new(
            Unified: false,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["pids"] = directory["pids"],
                ["memory"] = directory["memory"],
                ["cpuacct"] = directory["cpuacct"],
                ["blkio"] = directory["blkio"],
                ["rdma"] = directory["pids"],
            });

        CgroupV1Stats stats = CgroupV1Stats.Read(paths);

        Assert.Equal((3ul, 0ul), stats.Pids!.Value);
        Assert.Equal(100u, stats.Memory["rss"]);
        Assert.Equal((5u, 9u), (stats.MemoryUsage!.Usage, stats.MemoryUsage.Limit));
        Assert.Equal([400u, 600u], stats.Cpu!.PerCpu);
        Assert.Equal(1000u, stats.Cpu.Total);
        Assert.Equal(2 * stats.Cpu.User, stats.Cpu.Kernel);
        Assert.Equal(2, stats.ServiceBytes.Count);
        Assert.Equal(new CgroupV1Stats.BlockEntry(8, 0, "", 40), Assert.Single(stats.Time));
        Assert.Equal(new RdmaUsage("mlx4_0", 2, 5), Assert.Single(stats.RdmaCurrent));
        Assert.Empty(stats.HugePages);
    }

    [Fact]
    public async Task A_kill_of_version_2_is_told_once_by_the_change_of_a_file_and_not_again_by_asking()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["memory.events"], "oom 1\noom_kill 1\n");
        CgroupPaths paths = new(
            Unified: true, new Dictionary<string, string>(StringComparer.Ordinal) { [""] = directory.Path });
        int told = 0;
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using OomWatch watch = OomWatch.Begin(paths, Gantry.Linux.Io.IoLoop.Start(), () =>
        {
            Interlocked.Increment(ref told);
            first.TrySetResult();
        })!;

        watch.Check();
        int before = told;
        using (FileStream file = new(directory["memory.events"], FileMode.Open, FileAccess.Write))
        {
            await file.WriteAsync("oom 2\noom_kill 2\n"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        await first.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        watch.Check();

        Assert.Equal(0, before);
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task A_process_is_put_into_a_new_cgroup_of_every_hierarchy()
    {
        Needs.Root();
        CgroupPaths own = CgroupPaths.OfProcess(Environment.ProcessId);
        Needs.Require(own.ProcessesDirectory is not null, "cgroups mounted below /sys/fs/cgroup");
        string name = $"/gantry-test-{Guid.NewGuid():N}/shim";
        SpawnedProcess sleep = Spawn.Start(new SpawnRequest { Program = Needs.Program("sleep"), Arguments = ["1000"] });
        try
        {
            CgroupPaths.AddProcess(name, sleep.Pid);
            CgroupPaths now = CgroupPaths.OfProcess(sleep.Pid);

            Assert.All(now.Directories.Values, path => Assert.EndsWith(name, path, StringComparison.Ordinal));
            Assert.Equal([sleep.Pid], now.Processes());
        }
        finally
        {
            CgroupPaths now = CgroupPaths.OfProcess(sleep.Pid);
            Signals.Send(sleep.Pid, Signals.SIGKILL);
            await sleep.Exit;
            foreach (string path in now.Directories.Values.Distinct(StringComparer.Ordinal)
                .Where(path => path.EndsWith(name, StringComparison.Ordinal)))
            {
                Directory.Delete(path);
                Directory.Delete(Path.GetDirectoryName(path)!);
            }
        }
    }

    private static MountInfo Mount(string point, string type, string superOptions) =>
        new(1, 0, 0, 1, "/", point, "rw", "", type, type, superOptions);
}
