namespace Gantry.Oci.Runtime;

/// <summary>
/// The spec that a container gets when nothing else is asked for: the same that containerd's clients make, so that an
/// image runs alike under both.
/// </summary>
public static class DefaultSpec
{
    /// <summary>The version that is written: what OCI runtimes in use all accept.</summary>
    public const string OciVersion = "1.0.2";

    /// <summary>The search path of a container whose image sets no environment.</summary>
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The capabilities of a container.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ];

    /// <summary>Makes the default spec of a container.</summary>
    /// <param name="containerdNamespace">The containerd namespace that it is in; the first part of its cgroup's path.</param>
    /// <param name="id">Its id; the second part.</param>
    public static RuntimeSpec Create(string containerdNamespace, string id) => new()
    {
        OciVersion = OciVersion,
        Root = new SpecRoot { Path = "rootfs" },
        Process = new SpecProcess
        {
            Cwd = "/",
            NoNewPrivileges = true,
            User = new SpecUser(),
            Capabilities = new SpecCapabilities
            {
                Bounding = Capabilities,
                Effective = Capabilities,
                Permitted = Capabilities,
            },
            Rlimits = [new SpecRlimit { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }],
        },
        Mounts =
        [
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount(
                "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/run", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        ],
        Linux = new SpecLinux
        {
            CgroupsPath = $"/{containerdNamespace}/{id}",
            Resources = new SpecResources { Devices = DeviceRules() },
            Namespaces =
            [
                new SpecNamespace { Type = "pid" },
                new SpecNamespace { Type = "ipc" },
                new SpecNamespace { Type = "uts" },
                new SpecNamespace { Type = "mount" },
                new SpecNamespace { Type = "network" },
            ],
            MaskedPaths =
            [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
            ],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    /// <summary>All devices are refused but null, random, full, tty, zero, urandom, console, ptmx and terminals.</summary>
    private static SpecDeviceRule[] DeviceRules() =>
    [
        new SpecDeviceRule { Allow = false, Access = "rwm" },
        Allow(1, 3),
        Allow(1, 8),
        Allow(1, 7),
        Allow(5, 0),
        Allow(1, 5),
        Allow(1, 9),
        Allow(5, 1),
        Allow(136, null),
        Allow(5, 2),
    ];

    private static SpecDeviceRule Allow(long major, long? minor) =>
        new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = "rwm" };

    private static SpecMount Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };
}
