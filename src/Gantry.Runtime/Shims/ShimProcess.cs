using System.Globalization;
using System.Text;
using Gantry.Linux;
using Gantry.Linux.Processes;
using Gantry.Runtime.Bundles;

namespace Gantry.Runtime.Shims;

/// <summary>The process of a shim.</summary>
internal static class ShimProcess
{
    /// <summary>
    /// Its process id. Not every shim leaves it in the bundle; one that does not is looked for among all processes, where
    /// one that serves a group goes by the name of the group's first task and is found for that one alone.
    /// </summary>
    public static int? Find(Bundle bundle)
    {
        if (ReadPid(bundle.ShimPidPath) is { } known && IsShim(known, bundle))
        {
            return known;
        }

        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && IsShim(pid, bundle)
                && Arguments(pid).Contains($"\0-id\0{bundle.Id}\0", StringComparison.Ordinal))
            {
                return pid;
            }
        }

        return null;
    }

    /// <summary>Whether the first process of the task exists, as far as its bundle tells.</summary>
    public static bool InitExists(Bundle bundle) =>
        ReadPid(Path.Combine(bundle.DirectoryPath, "init.pid")) is { } pid && Signals.Exists(pid);

    /// <summary>Whether a process is the child of a shim of a bundle's namespace.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="bundle">The bundle.</param>
    public static bool IsParentOf(int pid, Bundle bundle)
    {
        const string Prefix = "PPid:";
        string? line = File.ReadLines($"/proc/{pid}/status")
            .FirstOrDefault(line => line.StartsWith(Prefix, StringComparison.Ordinal));
        return int.TryParse(
                line.AsSpan(Math.Min(Prefix.Length, line?.Length ?? 0)).Trim(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int parent)
            && IsShim(parent, bundle);
    }

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
    /// they are given <c>-namespace NAME</c>. The two commands of its program do not count.
    /// </summary>
    private static bool IsShim(int pid, Bundle bundle)
    {
        string arguments = Arguments(pid);
        return arguments.Contains($"\0-namespace\0{bundle.Namespace}\0", StringComparison.Ordinal)
            && !arguments.EndsWith("\0start\0", StringComparison.Ordinal)
            && !arguments.EndsWith("\0delete\0", StringComparison.Ordinal);
    }

    private static string Arguments(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // No such process, or none that this one may look at.
            return "";
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
