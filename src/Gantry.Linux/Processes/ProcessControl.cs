using System.Runtime.InteropServices;

namespace Gantry.Linux.Processes;

/// <summary>What a process sets about itself. See <see href="https://man7.org/linux/man-pages/man2/prctl.2.html">prctl(2)</see>.</summary>
public static partial class ProcessControl
{
    private const int PRIO_PROCESS = 0;
    private const int PR_SET_NAME = 15;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int PR_SCHED_CORE = 62;
    private const nuint PR_SCHED_CORE_CREATE = 1;
    private const nuint PR_SCHED_CORE_SCOPE_PROCESS_GROUP = 2;

    /// <summary>Makes this process the one that orphans among its descendants fall to.</summary>
    public static void BecomeSubreaper()
    {
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        {
            throw LinuxException.Last("prctl", "PR_SET_CHILD_SUBREAPER");
        }
    }

    /// <summary>
    /// Gives this process group, and the children it makes from now on, CPU cores that no others run on at the same time. See
    /// <see href="https://docs.kernel.org/admin-guide/hw-vuln/core-scheduling.html">core scheduling</see>.
    /// </summary>
    /// <exception cref="LinuxException">The kernel was built without it (EINVAL), or the CPU has one thread a core (ENODEV).</exception>
    public static void CreateCoreScheduling()
    {
        if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_PROCESS_GROUP, 0) != 0)
        {
            throw LinuxException.Last("prctl", "PR_SCHED_CORE");
        }
    }

    /// <summary>Names the calling thread; that of the first thread is the name of the process.</summary>
    /// <param name="name">The name; what is beyond 15 bytes is cut off.</param>
    public static void SetName(string name)
    {
        if (prctl(PR_SET_NAME, name, 0, 0, 0) != 0)
        {
            throw LinuxException.Last("prctl", "PR_SET_NAME");
        }
    }

    /// <summary>Makes the calling thread give way to others: it works when they leave time.</summary>
    /// <param name="nice">From 0, no giving way, to 19.</param>
    /// <seealso href="https://man7.org/linux/man-pages/man2/setpriority.2.html"/>
    public static void SetThreadNice(int nice)
    {
        // On Linux the process 0 is the calling thread, and no other of its process.
        if (setpriority(PRIO_PROCESS, 0, nice) != 0)
        {
            throw LinuxException.Last("setpriority", "PRIO_PROCESS");
        }
    }

    /// <summary>Sets how ready the kernel is to kill a process for want of memory.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="adjustment">From -1000 to 1000.</param>
    /// <exception cref="IOException">The kernel refused; lowering it needs CAP_SYS_RESOURCE.</exception>
    public static void SetOomScoreAdjustment(int pid, int adjustment) =>
        File.WriteAllText($"/proc/{pid}/oom_score_adj", $"{adjustment}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setpriority(int which, uint who, int prio);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int prctl(int option, string arg2, nuint arg3, nuint arg4, nuint arg5);
}
