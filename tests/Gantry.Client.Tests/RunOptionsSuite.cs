using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using CliWrap.Buffered;
using Gantry.Core.Namespaces;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

/// <summary>The options of <c>gantry run</c>, seen from inside real containers, whichever daemon runs them.</summary>
[SuppressMessage("Interoperability", "CA1416", Justification = "runs on Linux")]
public abstract class RunOptionsSuite(DaemonFixture fixture) : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Program => Needs.Published("gantry");

    public async ValueTask InitializeAsync()
    {
        _ = Program;
        await fixture.ReadyAsync();
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task User_groups_capabilities_and_limits_are_those_asked_for()
    {
        string text = await InsideAsync(
            ["--user", "7:8", "--group-add", "77", "--cap-drop", "ALL", "--cap-add", "net_admin", "--seccomp",
             "--ulimit", "nofile=64:128", "--rlimit", "RLIMIT_CORE=0", "--oom-score-adj", "300"],
            "id -u; id -g; id -G; ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj; "
                + "grep -E 'CapBnd|NoNewPrivs|Seccomp:' /proc/self/status");

        Assert.Equal(
            "7\n8\n8 77\n64\n128\n0\n300\nCapBnd:\t0000000000001000\nNoNewPrivs:\t1\nSeccomp:\t2\n", text);
    }

    [Fact]
    public async Task The_default_filter_lets_ordinary_programs_live_and_refuses_the_rest()
    {
        string text = await InsideAsync(
            ["--seccomp", "--allow-new-privs"],
            "ls / >/dev/null && echo lives; unshare -m true 2>&1 | grep -o 'not permitted'; "
                + "mount -t tmpfs t /tmp 2>/dev/null || echo refused; grep NoNewPrivs /proc/self/status");

        Assert.Equal("lives\nnot permitted\nrefused\nNoNewPrivs:\t0\n", text);
    }

    [Fact]
    public async Task A_profile_of_ones_own_filters()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(
            directory["profile.json"],
            """
            {"defaultAction":"SCMP_ACT_ALLOW",
             "syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}
            """,
            Token);

        string text = await InsideAsync(
            ["--security-opt", $"seccomp={directory["profile.json"]}"],
            "mkdir /x 2>&1 | grep -o 'Permission denied'; touch /y && echo touched");

        Assert.Equal("Permission denied\ntouched\n", text);
    }

    [Fact]
    public async Task A_privileged_container_sees_the_devices_and_no_guards()
    {
        string text = await InsideAsync(
            ["--privileged", "--device", "/dev/null:/dev/extra:rw"],
            "grep Seccomp: /proc/self/status; ls /dev/extra; test -e /dev/kmsg && echo kmsg; "
                + "grep -c ' /sys sysfs rw' /proc/mounts; grep -c ' /proc/sys ' /proc/mounts; true");

        Assert.Equal("Seccomp:\t0\n/dev/extra\nkmsg\n1\n0\n", text);
    }

    [Fact]
    public async Task Paths_are_masked_and_read_only_and_filesystems_in_memory_have_their_size()
    {
        string text = await InsideAsync(
            ["--security-opt", "mask=/etc/passwd", "--security-opt", "readonly=/etc", "--tmpfs", "/t:size=1m,mode=700",
             "--shm-size", "3m", "--device", "/dev/null:/dev/mine:r"],
            "wc -c </etc/passwd; touch /etc/x 2>&1 | grep -o 'Read-only'; df -k /t /dev/shm | awk 'NR>1{print $2}'; "
                + "stat -c '%a' /t; head -c1 /dev/mine | wc -c");

        Assert.Equal("0\nRead-only\n1024\n3072\n700\n0\n", text);
    }

    [Fact]
    public async Task A_mount_is_passed_on_as_asked_for()
    {
        using TempDirectory directory = new();
        string text = await InsideAsync(
            ["-v", $"{directory.Path}:/a:ro,rslave",
             "--mount", $"type=bind,src={directory.Path},dst=/b,bind-propagation=rprivate,readonly"],
            "awk '$5==\"/a\" || $5==\"/b\" {print $5, $6, $7}' /proc/self/mountinfo | sort");

        string[] lines = text.Split('\n');
        Assert.StartsWith("/a ro", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("/b ro", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("shared", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespaces_of_the_host_are_those_of_the_host()
    {
        string[] types = ["pid", "ipc", "uts", "net"];

        string text = await InsideAsync(
            ["--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host", "--cgroupns", "private"],
            "for n in pid ipc uts net cgroup; do readlink /proc/self/ns/$n; done; echo $HOSTNAME");

        string[] lines = text.Split('\n');
        Assert.Equal(types.Select(t => new FileInfo($"/proc/self/ns/{t}").LinkTarget), lines.Take(4));
        Assert.NotEqual(new FileInfo("/proc/self/ns/cgroup").LinkTarget, lines[4]);
        Assert.Equal(Environment.MachineName, lines[5]);
    }

    [Fact]
    public async Task Namespaces_of_a_container_or_a_path_are_joined()
    {
        await GantryOkAsync("run", "-d", "--name", "first", fixture.Image, "sleep", "1000");
        using JsonDocument inspect = JsonDocument.Parse(await GantryOkAsync("inspect", "first"));
        int pid = inspect.RootElement.GetProperty("Task").GetProperty("Pid").GetInt32();

        string text = await InsideAsync(
            ["--pid", "container:first", "--net", $"ns:/proc/{pid}/ns/net", "--with-ns", $"ipc:/proc/{pid}/ns/ipc"],
            "for n in pid net ipc; do readlink /proc/self/ns/$n; done; ps | grep -c 'sleep 100[0]'");

        string?[] expected =
            [.. ((string[])["pid", "net", "ipc"]).Select(t => new FileInfo($"/proc/{pid}/ns/{t}").LinkTarget)];
        Assert.Equal([.. expected, "1", ""], text.Split('\n'));
        await GantryOkAsync("rm", "-f", "first");
    }

    [Fact]
    public async Task Names_and_kernel_parameters_are_the_containers_own()
    {
        string text = await InsideAsync(
            ["--hostname", "box", "--domainname", "dom", "--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.shmmax=1000000"],
            "hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax");

        Assert.Equal("box\ndom\n1\n1000000\n", text);
    }

    [Fact]
    public async Task Limits_reach_the_cgroup_and_update_changes_them()
    {
        Needs.Require(Directory.Exists("/sys/fs/cgroup/memory"), "cgroup v1");
        string cgroup = $"/gantry-test-{Guid.NewGuid():N}";
        await GantryOkAsync(
            "run", "-d", "--name", "limited", "--cgroup", cgroup, "-m", "64m", "--memory-swap", "64m",
            "--memory-reservation", "32m", "--memory-swappiness", "10", "--cpus", "0.5", "--cpu-shares", "512",
            "--cpuset-cpus", "0", "--cpuset-mems", "0", "--pids-limit", "20", fixture.Image, "sleep", "1000");

        Assert.Equal(
            ("67108864", "33554432", "10", "50000", "512", "0", "20"),
            (File("memory", "memory.limit_in_bytes"), File("memory", "memory.soft_limit_in_bytes"),
             File("memory", "memory.swappiness"), File("cpu", "cpu.cfs_quota_us"), File("cpu", "cpu.shares"),
             File("cpuset", "cpuset.cpus"), File("pids", "pids.max")));

        await GantryOkAsync("update", "-m", "128m", "--memory-swap", "256m", "--cpu-shares", "100", "--pids-limit", "9", "limited");

        Assert.Equal(
            ("134217728", "50000", "100", "9"),
            (File("memory", "memory.limit_in_bytes"), File("cpu", "cpu.cfs_quota_us"), File("cpu", "cpu.shares"),
             File("pids", "pids.max")));
        using JsonDocument inspect = JsonDocument.Parse(await GantryOkAsync("inspect", "limited"));
        JsonElement resources = inspect.RootElement.GetProperty("Spec").GetProperty("linux").GetProperty("resources");
        Assert.Equal(134217728, resources.GetProperty("memory").GetProperty("limit").GetInt64());
        Assert.Equal(50000, resources.GetProperty("cpu").GetProperty("quota").GetInt64());
        using JsonDocument stats = JsonDocument.Parse(await GantryOkAsync("stats", "--no-stream", "--format", "json", "limited"));
        JsonElement row = Assert.Single(stats.RootElement.EnumerateArray());
        Assert.Equal((134217728, 1), (row.GetProperty("memoryLimit").GetInt64(), row.GetProperty("pids").GetInt32()));
        Assert.Contains("sleep 1000", await GantryOkAsync("top", "limited"), StringComparison.Ordinal);
        await GantryOkAsync("rm", "-f", "limited");

        string File(string controller, string name) =>
            System.IO.File.ReadAllText($"/sys/fs/cgroup/{controller}{cgroup}/{name}").Trim();
    }

    [Fact]
    public async Task Hooks_of_all_six_kinds_run_in_their_order()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(
            directory["hook"],
            $"#!/bin/sh\ncat >>{directory["states"]}\necho \"$1\" >>{directory["kinds"]}\n",
            Token);
        File.SetUnixFileMode(directory["hook"], (UnixFileMode)0b111_101_101);
        string[] kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
        string hooks = string.Join(',', kinds.Select(k =>
            $$"""  "{{k}}":[{"path":"{{directory["hook"]}}","args":["hook","{{k}}"]}]"""));
        await File.WriteAllTextAsync(
            directory["hooks.json"],
            $$"""{ {{hooks}}, "startContainer":[{"path":"/bin/touch","args":["touch","/started"],"timeout":30}]}""",
            Token);

        string text = await InsideAsync(["--hooks", directory["hooks.json"]], "ls /started");

        Assert.Equal("/started\n", text);
        Assert.Equal(kinds, await File.ReadAllLinesAsync(directory["kinds"], Token));
        Assert.Contains("\"stopped\"", await File.ReadAllTextAsync(directory["states"], Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_a_remapped_container_belong_to_its_ids_and_the_layers_stay_as_they_are()
    {
        using TempDirectory directory = new();
        fixture.LetMappedUsersPass();
        await GantryOkAsync(
            "run", "-d", "--name", "mapped", "--pid-file", directory["pid"], "--uidmap", "0:100000:65536",
            "--gidmap", "0:200000:65536", fixture.Image, "sh", "-c", "touch /new; sleep 1000");
        string root = $"/proc/{(await File.ReadAllTextAsync(directory["pid"], Token)).Trim()}/root";
        await Poll.UntilAsync(() => File.Exists($"{root}/new"));

        string inside = await GantryOkAsync("exec", "mapped", "sh", "-c", "stat -c '%u:%g' /new /bin/busybox; id -u; cat /proc/self/uid_map");
        string outside = await StatAsync($"{root}/new", $"{root}/bin/busybox");

        Assert.Equal("0:0\n0:0\n0\n         0     100000      65536\n", inside);
        Assert.Equal("100000:200000\n100000:200000\n", outside);
        await GantryOkAsync("rm", "-f", "mapped");
        Assert.Equal("0:0\n", await InsideAsync([], "stat -c '%u:%g' /bin/busybox"));
    }

    [Fact]
    public async Task A_container_is_created_started_paused_and_started_again()
    {
        using TempDirectory directory = new();
        await File.WriteAllTextAsync(directory["env"], "# remark\nA=1\n\nB=two words\n", Token);
        await GantryOkAsync(
            "create", "--name", "later", "--cidfile", directory["cid"], "--env-file", directory["env"],
            "--stop-signal", "KILL", "--stop-timeout", "2s", fixture.Image, "sh", "-c", "echo $A $B; sleep 1000");

        BufferedCommandResult taken = await GantryAsync("create", "--name", "later", fixture.Image);
        string started = await GantryOkAsync("start", "later");
        await GantryOkAsync("pause", "later");
        string paused = await GantryOkAsync("ps");
        await GantryOkAsync("unpause", "later");
        Task<string> wait = GantryOkAsync("wait", "later");
        await GantryOkAsync("stop", "later");
        string status = await wait;
        await GantryOkAsync("start", "later");
        string again = await GantryOkAsync("ps");
        await GantryOkAsync("rm", "-f", "later");

        Assert.Equal("later", await File.ReadAllTextAsync(directory["cid"], Token));
        Assert.Contains("already exists", taken.StandardError, StringComparison.Ordinal);
        Assert.Equal("later\n", started);
        Assert.Contains("paused", paused, StringComparison.Ordinal);
        Assert.Equal("137\n", status);
        Assert.Contains("running", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_and_a_whole_spec_can_be_run()
    {
        using TempDirectory directory = new();
        Directory.CreateDirectory(directory["root/bin"]);
        File.Copy("/bin/busybox", directory["root/bin/busybox"]);
        foreach (string name in (string[])["proc", "dev", "sys", "run"])
        {
            Directory.CreateDirectory(directory[$"root/{name}"]);
        }

        string rooted = await GantryOkAsync("run", "--rm", "--rootfs", directory["root"], "/bin/busybox", "echo", "rooted");
        string spec = await SpecOfAsync(directory["root"]);
        await File.WriteAllTextAsync(directory["config.json"], spec, Token);
        string configured = await GantryOkAsync("run", "--rm", "--config", directory["config.json"]);

        Assert.Equal("rooted\n", rooted);
        Assert.Equal("from the config\n", configured);
    }

    [Theory]
    [InlineData("--memory-swap 1m -m 64m", "memory and swap limit")]
    [InlineData("--memory-swap 64m", "needs a memory limit")]
    [InlineData("-m 1k", "memory limit 1024")]
    [InlineData("--cpu-shares 1", "cpu shares 1")]
    [InlineData("--cpuset-cpus 4000", "this host has")]
    [InlineData("--cpuset-cpus a-b", "not numbers and ranges")]
    [InlineData("--oom-score-adj 1001", "not -1000 to 1000")]
    [InlineData("--sysctl vm.swappiness=1", "belongs to the host")]
    [InlineData("--net-host --sysctl net.core.somaxconn=1", "shares its network namespace")]
    [InlineData("--uts host --hostname x", "uts namespace")]
    [InlineData("--cap-add NO_SUCH", "no such capability")]
    [InlineData("--ulimit nofile=2:1", "above the hard limit")]
    [InlineData("--device /no/such", "no such file")]
    [InlineData("--device /etc/passwd", "not a device")]
    [InlineData("--device-read-bps /dev/null:1m", "no block device")]
    [InlineData("--uidmap 0:1:2", "need one another")]
    [InlineData("--uidmap 5:1:2 --gidmap 0:1:2", "the root, is not mapped")]
    [InlineData("--userns-remap no-such-user", "no users found")]
    [InlineData("--with-ns net", "not TYPE:PATH")]
    [InlineData("--with-ns network:/no/such", "no namespace")]
    [InlineData("--pid container:no-such", "not found")]
    [InlineData("--hugetlb-limit 3MB:1m", "no pages of")]
    [InlineData("--seccomp-profile /no/such", "no such file")]
    [InlineData("--seccomp-profile /etc/passwd", "seccomp profile:")]
    [InlineData("--hooks /etc/passwd", "hooks:")]
    [InlineData("--config /etc/passwd", "runtime spec:")]
    [InlineData("--env-file /no/such", "no such file")]
    [InlineData("--rootfs-propagation odd", "not one of")]
    [InlineData("--security-opt odd", "no such option")]
    [InlineData("--cgroup ../x", "must not have")]
    [InlineData("--runc-systemd-cgroup", "needs --cgroup")]
    [InlineData("--stop-signal ODD", "unknown signal")]
    [InlineData("--user no-such", "no users found")]
    [InlineData("--group-add no-such", "no groups found")]
    [InlineData("--label =x", "no key")]
    public async Task What_can_not_be_is_said_before_anything_is_made(string options, string reason)
    {
        string[] words = options.Split(' ');

        BufferedCommandResult result = await GantryAsync(["create", "--name", "refused", .. words, fixture.Image, "true"]);

        Assert.Equal((1, ""), (result.ExitCode, result.StandardOutput));
        Assert.Contains(reason, result.StandardError, StringComparison.Ordinal);
        Assert.Single(result.StandardError.TrimEnd('\n').Split('\n'));
        NamespaceClient scope = fixture.Client.In(Namespace.Default);
        Assert.Empty(await scope.Containers.ListAsync([], Token));
        Assert.Empty(await scope.Snapshots("overlayfs").ListAsync(["kind==active"], Token).ToListAsync(Token));
        Assert.Empty(await scope.Leases.ListAsync([], Token));
    }

    private async Task<string> SpecOfAsync(string root)
    {
        await GantryOkAsync(
            "create", "--name", "model", "--rootfs", root, "/bin/busybox", "echo", "from the config");
        using JsonDocument inspect = JsonDocument.Parse(await GantryOkAsync("inspect", "model"));
        await GantryOkAsync("rm", "model");
        return inspect.RootElement.GetProperty("Spec").GetRawText();
    }

    /// <summary>What a shell command prints in a container that is removed afterwards.</summary>
    private Task<string> InsideAsync(string[] options, string command) =>
        GantryOkAsync(["run", "--rm", .. options, fixture.Image, "sh", "-c", command]);

    private async Task<string> GantryOkAsync(params string[] arguments)
    {
        BufferedCommandResult result = await GantryAsync(arguments);
        Assert.True(
            result.ExitCode == 0 && result.StandardError.Length == 0,
            string.Create(
                CultureInfo.InvariantCulture,
                $"gantry {string.Join(' ', arguments)}: exit {result.ExitCode}\n{result.StandardOutput}{result.StandardError}"));
        return result.StandardOutput;
    }

    private Task<BufferedCommandResult> GantryAsync(params string[] arguments) =>
        fixture.Daemon.RunAsync(Program, arguments, null);

    private async Task<string> StatAsync(params string[] paths) =>
        (await fixture.Daemon.RunAsync("stat", ["-c", "%u:%g", .. paths], null)).StandardOutput;
}
