using System.Runtime.InteropServices;

namespace Gantry.Oci.Runtime;

/// <summary>
/// The filter of system calls that containers get by default under containerd and Docker: all that ordinary programs
/// need, and what the container's capabilities allow anyway. What it does not name fails with EPERM.
/// </summary>
public static class SeccompDefaults
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Refuse = "SCMP_ACT_ERRNO";
    private const string Equal = "SCMP_CMP_EQ";
    private const string SysAdmin = "CAP_SYS_ADMIN";
    private const uint ENOSYS = 38;
    private const ulong AF_ALG = 38;
    private const ulong AF_VSOCK = 40;

    // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET: see clone(2).
    private const ulong NewNamespaces =
        0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

    private static readonly Version PtraceIsSafe = new(4, 8);

    private static readonly string[] Ordinary = Names(
        """
        accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32
        clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
        clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
        epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
        epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
        fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
        fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64
        fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait
        futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64
        getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername
        getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
        getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
        getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
        io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc
        kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link
        linkat listen listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr
        lsm_get_self_attr lsm_list_modules lsm_set_self_attr lstat lstat64 madvise map_shadow_stack
        membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
        mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
        mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall
        munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open
        pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl
        pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2
        read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg
        remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq
        rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
        rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
        sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
        sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64
        sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid
        setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32
        setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid
        setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4
        sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx
        symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
        timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
        timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64
        ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork
        vmsplice wait4 waitid waitpid write writev
        """);

    /// <summary>Execution domains: Linux, 4 KiB pages of old, uname of 2.6, both, and the question which it is.</summary>
    private static readonly ulong[] Personalities = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff];

    /// <summary>What a capability allows besides.</summary>
    private static readonly (string Capability, string[] Calls)[] ByCapability =
    [
        ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]),
        (SysAdmin, Names(
            """
            bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount
            open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
            """)),
        ("CAP_SYS_BOOT", ["reboot"]),
        ("CAP_SYS_CHROOT", ["chroot"]),
        ("CAP_SYS_MODULE", ["delete_module", "finit_module", "init_module"]),
        ("CAP_SYS_PACCT", ["acct"]),
        ("CAP_SYS_PTRACE", Names("kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace")),
        ("CAP_SYS_RAWIO", ["ioperm", "iopl"]),
        ("CAP_SYS_TIME", Names("clock_settime clock_settime64 settimeofday stime")),
        ("CAP_SYS_TTY_CONFIG", ["vhangup"]),
        ("CAP_SYS_NICE", Names("get_mempolicy mbind set_mempolicy set_mempolicy_home_node")),
        ("CAP_SYSLOG", ["syslog"]),
        ("CAP_BPF", ["bpf"]),
        ("CAP_PERFMON", ["perf_event_open"]),
    ];

    /// <summary>Makes the filter.</summary>
    /// <param name="bounding">The container's bounding set of capabilities.</param>
    /// <param name="architecture">The machine's architecture.</param>
    /// <param name="kernel">The version of its kernel.</param>
    public static SpecSeccomp Create(IReadOnlyCollection<string> bounding, Architecture architecture, Version kernel)
    {
        ArgumentNullException.ThrowIfNull(bounding);
        ArgumentNullException.ThrowIfNull(kernel);
        List<SpecSyscall> rules =
        [
            Allowed(Ordinary),

            // Every family of sockets but AF_ALG and AF_VSOCK. One rule with two conditions on the same argument would
            // be taken for two rules, so the rest is said in ranges.
            If("socket", 0, "SCMP_CMP_LT", AF_ALG),
            If("socket", 0, Equal, AF_ALG + 1),
            If("socket", 0, "SCMP_CMP_GT", AF_VSOCK),
            .. Personalities.Select(p => If("personality", 0, Equal, p)),
        ];
        if (kernel >= PtraceIsSafe)
        {
            // Since then a tracer can't get round the filter.
            rules.Add(Allowed(["process_vm_readv", "process_vm_writev", "ptrace"]));
        }

        if (OfArchitecture(architecture) is { Length: > 0 } calls)
        {
            rules.Add(Allowed(calls));
        }

        rules.AddRange(ByCapability.Where(c => bounding.Contains(c.Capability)).Select(c => Allowed(c.Calls)));
        if (!bounding.Contains(SysAdmin))
        {
            // Threads and processes, but no namespaces. The flags of clone3 lie in memory, where no filter sees them:
            // ENOSYS makes the C library fall back to clone.
            rules.Add(If("clone", architecture is Architecture.S390x ? 1u : 0, "SCMP_CMP_MASKED_EQ", NewNamespaces));
            rules.Add(new SpecSyscall { Names = ["clone3"], Action = Refuse, ErrnoRet = ENOSYS });
        }

        return new SpecSeccomp
        {
            DefaultAction = Refuse,
            Architectures = Architectures(architecture),
            Syscalls = rules,
        };
    }

    private static string[] Architectures(Architecture architecture) => architecture switch
    {
        Architecture.X64 => ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        Architecture.Arm64 => ["SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64"],
        Architecture.S390x => ["SCMP_ARCH_S390", "SCMP_ARCH_S390X"],
        Architecture.RiscV64 => ["SCMP_ARCH_RISCV64"],
        Architecture.LoongArch64 => ["SCMP_ARCH_LOONGARCH64"],
        _ => [],
    };

    private static string[] OfArchitecture(Architecture architecture) => architecture switch
    {
        Architecture.X64 => ["arch_prctl", "modify_ldt"],
        Architecture.X86 => ["modify_ldt"],
        Architecture.Arm or Architecture.Arm64 =>
            Names("arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2"),
        Architecture.Ppc64le => ["swapcontext", "sync_file_range2"],
        Architecture.S390x => ["s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr"],
        Architecture.RiscV64 => ["riscv_flush_icache", "riscv_hwprobe"],
        _ => [],
    };

    private static SpecSyscall Allowed(string[] names) => new() { Names = names, Action = Allow };

    private static SpecSyscall If(string name, uint index, string comparison, ulong value) => new()
    {
        Names = [name],
        Action = Allow,
        Args = [new SpecSyscallArg { Index = index, Op = comparison, Value = value }],
    };

    private static string[] Names(string text) =>
        text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
