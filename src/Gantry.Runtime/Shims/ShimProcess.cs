using System.Globalization;
using System.Text;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Runtime.Bundles;

namespace Gantry.Runtime.Shims;

/// <summary>The process of a shim, as far as its bundle tells: not every shim leaves its process id there.</summary>
internal static class ShimProcess
{
    /// <summary>Its process id, if it left one and a shim still has it.</summary>
    public static int? Find(Bundle bundle) =>
        ReadPid(bundle.ShimPidPath) is { } pid && IsShim(pid, bundle) ? pid : null;

    /// <summary>Whether the first process of the task exists, as far as its bundle tells.</summary>
    public static bool InitExists(Bundle bundle) =>
        ReadPid(Path.Combine(bundle.DirectoryPath, "init.pid")) is { } pid && Signals.Exists(pid);

    /// <summary>Kills it, if it is there.</summary>
    /// <returns>Whether it was.</returns>
    public static bool Kill(Bundle bundle)
    {
        if (Find(bundle) is not { } pid)
        {
            return false;
        }

        try
        {
            Signals.Send(pid, Signals.SIGKILL);
            return true;
        }
        catch (LinuxException failure) when (failure.Errno is Errno.ESRCH)
        {
            return false;
        }
    }

    /// <summary>
    /// A number in a file outlives its process, so the process that has it must look like a shim of this namespace: only
    /// they are given <c>-namespace NAME</c>.
    /// </summary>
    private static bool IsShim(int pid, Bundle bundle)
    {
        try
        {
            string arguments = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
            return arguments.Contains($"-namespace\0{bundle.Namespace}\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // No such process.
            return false;
        }
    }

    private static int? ReadPid(string path)
    {
        try
        {
            return File.Exists(path)
                && int.TryParse(
                    File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && pid > 0
                ? pid
                : null;
        }
        catch (IOException)
        {
            // Removed meanwhile.
            return null;
        }
    }
}
