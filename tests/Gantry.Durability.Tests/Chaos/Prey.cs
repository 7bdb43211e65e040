using System.Globalization;
using System.Runtime.InteropServices;

namespace Gantry.Durability.Tests.Chaos;

/// <summary>Finds the processes of one container of one daemon among all, and kills them.</summary>
internal static partial class Prey
{
    private const int SIGKILL = 9;

    /// <summary>The shim of a container.</summary>
    public static int? Shim(string home, string id) => Find(line =>
        line.Contains("containerd-shim", StringComparison.Ordinal)
        && line.Contains(home, StringComparison.Ordinal)
        && line.Contains($"\0-id\0{id}\0", StringComparison.Ordinal)
        && !line.EndsWith("\0start\0", StringComparison.Ordinal)
        && !line.EndsWith("\0delete\0", StringComparison.Ordinal));

    /// <summary>An OCI runtime that works on a container.</summary>
    public static int? Executor(string home, string id) => Find(line =>
        line.Contains("\0--log\0" + home, StringComparison.Ordinal)
        && line.Contains($"/{id}/log.json\0", StringComparison.Ordinal));

    /// <summary>Kills a process, if it is there.</summary>
    public static void Kill(int pid)
    {
        if (pid > 1)
        {
            _ = kill(pid, SIGKILL);
        }
    }

    /// <summary>Sends a signal to a process that is there.</summary>
    public static void Signal(int pid, int signal) => _ = kill(pid, signal);

    /// <summary>Whether a process lives; a zombie does not.</summary>
    public static bool IsAlive(uint pid) => Read($"/proc/{pid}/stat") is { Length: > 0 } stat
        && !stat.Contains(") Z ", StringComparison.Ordinal);

    /// <summary>Kills all that works for this daemon.</summary>
    public static void KillAll(string home)
    {
        foreach (int pid in Processes().Where(pid => CommandLine(pid).Contains(home, StringComparison.Ordinal)))
        {
            Kill(pid);
        }
    }

    /// <summary>Processes of runtimes that wait for ever to become a container of this daemon.</summary>
    public static IEnumerable<string> Stranded(string home) => Processes()
        .Where(pid => CommandLine(pid) is "runc\0init\0" && RootIsBelow(pid, home))
        .Select(pid => $"process {pid}: runc init");

    private static int? Find(Func<string, bool> matches)
    {
        foreach (int pid in Processes())
        {
            if (matches(CommandLine(pid)))
            {
                return pid;
            }
        }

        return null;
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int pid) ? pid : 0)
        .Where(pid => pid > 0);

    private static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline");

    private static bool RootIsBelow(int pid, string home) => Read($"/proc/{pid}/mountinfo").Split('\n').Any(line =>
        line.Contains(" / / ", StringComparison.Ordinal) && line.Contains("upperdir=" + home, StringComparison.Ordinal));

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // The process has ended meanwhile.
            return "";
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
