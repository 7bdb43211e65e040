using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>What this host has to give, and to guard with.</summary>
internal static class HostSecurity
{
    private const string Status = "/proc/self/status";
    private const string OomScoreAdj = "/proc/self/oom_score_adj";
    private const string Resource = "CAP_SYS_RESOURCE";

    public static bool HasApparmor => Directory.Exists("/sys/kernel/security/apparmor")
        || File.Exists("/sys/module/apparmor/parameters/enabled")
        && File.ReadAllText("/sys/module/apparmor/parameters/enabled").StartsWith('Y');

    public static bool HasSelinux => File.Exists("/sys/fs/selinux/enforce");

    public static bool HasRdt => Directory.Exists("/sys/fs/resctrl/info");

    /// <summary>The capabilities that this process has.</summary>
    public static IReadOnlyList<string> Capabilities() => LinuxCapabilities.OfStatus(File.ReadAllText(Status), "CapEff");

    /// <summary>
    /// The least OOM score adjustment that a process can be given: without CAP_SYS_RESOURCE none below what its parent has.
    /// </summary>
    public static int LeastOomScoreAdj() => Capabilities().Contains(Resource)
        ? int.MinValue
        : int.Parse(File.ReadAllText(OomScoreAdj).Trim(), System.Globalization.CultureInfo.InvariantCulture);
}
