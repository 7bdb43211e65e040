using System.Text;
using Gantry.Linux.Cgroups;
using Gantry.Server.Metrics;
using Gantry.Testing;
using Xunit;
using CgroupFiles = Gantry.Server.Metrics.CgroupFiles;

namespace Gantry.Server.Tests.Metrics;

public sealed class CgroupParsingTests
{
    [Theory]
    [InlineData("a 1\nb 23\nc 4", 8, 4)]
    [InlineData("a 1\nb 23\n", 9, 9)]
    [InlineData("1 23 456", 6, 5)]
    [InlineData("123456", 4, 0)]
    [InlineData("a 1", 16, 3)]
    public void A_file_that_is_larger_than_the_buffer_is_cut_between_its_lines(string text, int room, int whole)
    {
        byte[] buffer = new byte[room];
        int count = Math.Min(room, text.Length);
        Encoding.UTF8.GetBytes(text)[..count].CopyTo(buffer, 0);

        Assert.Equal(whole, KernelText.Whole(buffer, count));
    }

    [Fact]
    public void Lines_are_found_whatever_their_order_is()
    {
        CgroupFile file = new("memory", "memory.stat", new("cache", "c", ""), new("rss", "r", ""), new("dirty", "d", ""));

        Assert.Equal([1, 2, CgroupMetric.Absent], Values(file, "cache 1\nother 7\nrss 2\n"));
        Assert.Equal([4, 3, 5], Values(file, "rss 3\ncache 4\nother 7\ndirty 5"));
        Assert.Equal([CgroupMetric.Absent, CgroupMetric.Absent, CgroupMetric.Absent], Values(file, "\n\n rss\nrss x\n"));
    }

    [Fact]
    public void What_newer_kernels_count_in_two_is_one_sum()
    {
        CgroupFile file = new("", "memory.stat", new CgroupMetric("workingset_refault", "w", ""));

        Assert.Equal([5ul], Values(file, "workingset_refault_anon 2\nworkingset_refault_file 3\n"));
    }

    [Fact]
    public void No_limit_is_0_in_version_1_and_the_largest_number_in_version_2()
    {
        CgroupFile first = CgroupFiles.V1.Single(file => file.Name.AsSpan().SequenceEqual("pids.max"u8));
        CgroupFile second = CgroupFiles.V2.Single(file => file.Name.AsSpan().SequenceEqual("pids.max"u8));

        Assert.Equal([0ul], Values(first, "max\n"));
        Assert.Equal([ulong.MaxValue], Values(second, "max\n"));
    }

    [Fact]
    public void Version_2_is_read_from_its_files()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["cpu.stat"], "usage_usec 10\nuser_usec 6\nsystem_usec 4\n");
        File.WriteAllText(directory["memory.current"], "300\n");
        File.WriteAllText(directory["memory.max"], "max\n");
        File.WriteAllText(directory["memory.stat"], "anon 100\nfile 200\n");
        File.WriteAllText(directory["io.stat"], "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n");
        CgroupPaths paths = new(true, new Dictionary<string, string>(StringComparer.Ordinal) { [""] = directory.Path });
        using ContainerCounters counters = new(paths, []);

        Assert.True(counters.Read(new byte[4096]));

        Assert.Equal(10ul, ValueOf(counters, "container_cpu_usage_usec_microseconds"));
        Assert.Equal(300ul, ValueOf(counters, "container_memory_usage_bytes"));
        Assert.Equal(ulong.MaxValue, ValueOf(counters, "container_memory_usage_limit_bytes"));
        Assert.Equal(200ul, ValueOf(counters, "container_memory_file_bytes"));
        Assert.Equal(CgroupMetric.Absent, ValueOf(counters, "container_pids_current"));
        Assert.Equal(
            ["container_io_rbytes_bytes 1", "container_io_wbytes_bytes 2", "container_io_rios_total 3", "container_io_wios_total 4"],
            counters.Labeled.Select(value => $"{Encoding.UTF8.GetString(value.Metric.Name)} {value.Value}"));
        Assert.Equal("major=\"8\",minor=\"0\"", Encoding.UTF8.GetString(counters.Labeled[0].Labels));
    }

    [Fact]
    public void A_counter_without_a_limit_is_not_asked_how_often_it_was_hit()
    {
        using TempDirectory directory = new();
        foreach (string counter in (string[])["memory.", "memory.memsw."])
        {
            File.WriteAllText(directory[counter + "usage_in_bytes"], "7\n");
            File.WriteAllText(directory[counter + "max_usage_in_bytes"], counter == "memory." ? "9\n" : "0\n");
            File.WriteAllText(directory[counter + "limit_in_bytes"], counter == "memory." ? "10\n" : "9223372036854771712\n");
            File.WriteAllText(directory[counter + "failcnt"], "1\n");
        }

        CgroupPaths paths = new(false, new Dictionary<string, string>(StringComparer.Ordinal) { ["memory"] = directory.Path });
        using ContainerCounters counters = new(paths, []);
        Assert.True(counters.Read(new byte[4096]));
        File.WriteAllText(directory["memory.failcnt"], "2\n");
        File.WriteAllText(directory["memory.memsw.failcnt"], "2\n");

        Assert.True(counters.Read(new byte[4096]));

        Assert.Equal(7ul, ValueOf(counters, "container_memory_usage_usage_bytes"));
        Assert.Equal(2ul, ValueOf(counters, "container_memory_usage_failcnt_total"));
        Assert.Equal(0ul, ValueOf(counters, "container_memory_swap_usage_bytes"));
        Assert.Equal(1ul, ValueOf(counters, "container_memory_swap_failcnt_total"));
        Assert.Equal(CgroupMetric.Absent, ValueOf(counters, "container_memory_kernel_usage_bytes"));
    }

    [Fact]
    public void The_limit_of_a_container_in_which_nothing_is_limited_is_not_read()
    {
        using TempDirectory directory = new();
        File.WriteAllText(
            directory["memory.stat"],
            "cache 1\nhierarchical_memory_limit 4096\nhierarchical_memsw_limit 9223372036854771712\n");
        File.WriteAllText(directory["memory.limit_in_bytes"], "8192\n");
        File.WriteAllText(directory["memory.memsw.limit_in_bytes"], "8192\n");
        CgroupPaths paths = new(false, new Dictionary<string, string>(StringComparer.Ordinal) { ["memory"] = directory.Path });
        using ContainerCounters counters = new(paths, []);

        Assert.True(counters.Read(new byte[4096]));

        Assert.Equal(8192ul, ValueOf(counters, "container_memory_usage_limit_bytes"));
        Assert.Equal(9223372036854771712ul, ValueOf(counters, "container_memory_swap_limit_bytes"));
    }

    [Fact]
    public void What_a_metric_follows_from_stands_before_it()
    {
        List<string> before = [];
        foreach (CgroupFile file in CgroupFiles.V1)
        {
            if (file.Implied is { } implied)
            {
                Assert.Single(file.Metrics);
                Assert.Contains(implied.Name, before);
            }

            before.AddRange(file.Metrics.Select(metric => Encoding.UTF8.GetString(metric.Name)));
        }

        Assert.Equal(10, CgroupFiles.V1.Count(file => file.Implied is not null));
    }

    [Fact]
    public void Of_several_schedulers_the_first_that_counts_is_told()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["blkio.bfq.io_service_bytes_recursive"], "Total 0\n");
        File.WriteAllText(directory["blkio.io_service_bytes_recursive"], "8:0 Read 4096\n8:0 Write 0\nTotal 4096\n");
        File.WriteAllText(directory["blkio.throttle.io_service_bytes_recursive"], "8:0 Read 1\n");
        CgroupPaths paths = new(false, new Dictionary<string, string>(StringComparer.Ordinal) { ["blkio"] = directory.Path });
        using ContainerCounters counters = new(paths, []);

        Assert.True(counters.Read(new byte[4096]));

        Assert.Equal([4096ul, 0ul], counters.Labeled.Select(value => value.Value));
    }

    [Fact]
    public void Huge_pages_that_were_never_used_are_told_without_looking_how_many_are()
    {
        string[] sizes =
        [
            .. LabeledFile.V1.Select(file => Encoding.UTF8.GetString(file.Name))
                .Where(name => name.EndsWith(".max_usage_in_bytes", StringComparison.Ordinal))
                .Select(name => name.Split('.')[1]),
        ];
        using TempDirectory directory = new();
        foreach ((int i, string size) in sizes.Index())
        {
            File.WriteAllText(directory[$"hugetlb.{size}.failcnt"], "3\n");
            File.WriteAllText(directory[$"hugetlb.{size}.max_usage_in_bytes"], $"{i * 2}\n");
            File.WriteAllText(directory[$"hugetlb.{size}.usage_in_bytes"], "1\n");
        }

        CgroupPaths paths = new(false, new Dictionary<string, string>(StringComparer.Ordinal) { ["hugetlb"] = directory.Path });
        using ContainerCounters counters = new(paths, []);
        Assert.True(counters.Read(new byte[4096]));

        Assert.Equal(
            sizes.SelectMany((size, i) => (LabeledValue[])
                [
                    new(LabeledMetric.HugeFailures, [], 3),
                    new(LabeledMetric.HugeMax, [], (ulong)i * 2),
                    new(LabeledMetric.HugeUsage, [], i == 0 ? 0ul : 1ul),
                ]),
            counters.Labeled.Select(value => value with { Labels = [] }));
        Assert.All(counters.Labeled, value => Assert.StartsWith("page=", Encoding.UTF8.GetString(value.Labels), StringComparison.Ordinal));
    }

    [Fact]
    public void The_files_that_stay_open_are_counted_and_closed()
    {
        using TempDirectory directory = new();
        File.WriteAllText(directory["a"], "first");
        int before = KeptFiles.Open;
        byte[] buffer = new byte[16];
        using (KeptFiles files = new(2))
        {
            Assert.Equal(5, files.Read(0, directory.Path, "a"u8, buffer));
            Assert.Equal(-1, files.Read(1, directory.Path, "b"u8, buffer));
            File.WriteAllText(directory["a"], "new");
            Assert.Equal(3, files.Read(0, directory.Path, "a"u8, buffer));
            Assert.Equal(before + 1, KeptFiles.Open);
            Assert.False(files.Gone);
        }

        Assert.Equal(before, KeptFiles.Open);
    }

    private static ulong[] Values(CgroupFile file, string text)
    {
        ulong[] values = new ulong[file.Metrics.Count];
        Array.Fill(values, CgroupMetric.Absent);
        file.Parse(Encoding.UTF8.GetBytes(text), values);
        return values;
    }

    private static ulong ValueOf(ContainerCounters counters, string name)
    {
        IEnumerable<string> names = ContainerCounters.Files(counters.Unified).SelectMany(file => file.Metrics)
            .Select(metric => Encoding.UTF8.GetString(metric.Name));
        return counters.Values[names.ToList().IndexOf(name)];
    }
}
