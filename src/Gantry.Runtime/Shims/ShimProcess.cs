using System.Globalization;
using System.Text;
using Gantry.Core.Namespaces;
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

        foreach (int pid in All())
        {
            if (IsShim(pid, bundle) && HasId(Arguments(pid), bundle))
            {
                return pid;
            }
        }

        return null;
    }

    /// <summary>The shims of a daemon, with the task that each was started for.</summary>
    /// <param name="address">The socket that the daemon serves gRPC on.</param>
    public static IEnumerable<(int Pid, Namespace Namespace, string Id)> OfDaemon(string address)
    {
        foreach (int pid in All())
        {
            string arguments = Arguments(pid);
            if (Value(arguments, "-address") == address && !IsCommand(arguments)
                && Value(arguments, "-namespace") is { } ns && Identifier.IsValid(ns)
                && Value(arguments, "-id") is { } id && Identifier.IsValid(id))
            {
                yield return (pid, Namespace.Parse(ns), id);
            }
        }
    }

    /// <summary>Whether a process has children.</summary>
    public static bool HasChildren(int pid) => All().Any(other => ParentOf(other) == pid);

    /// <summary>
    /// The programs that work on a bundle: the commands <c>start</c> and <c>delete</c> of its shim, and OCI runtimes, which
    /// are given their log or the bundle itself.
    /// </summary>
    public static IReadOnlyList<int> Programs(Bundle bundle) => [.. All().Where(pid => IsProgram(pid, bundle))];

    /// <summary>Whether the first process of the task exists, as far as its bundle tells.</summary>
    public static bool InitExists(Bundle bundle) =>
        ReadPid(Path.Combine(bundle.DirectoryPath, "init.pid")) is { } pid && Signals.Exists(pid);

    /// <summary>Whether a process is the child of a shim of a bundle's namespace.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="bundle">The bundle.</param>
    public static bool IsParentOf(int pid, Bundle bundle) => IsShim(ParentOf(pid), bundle);

    /// <summary>
    /// A number in a file outlives its process, so the process that has it must look like a shim of this namespace: only
    /// they are given <c>-namespace NAME</c>. The two commands of its program do not count, nor does a shim that works in
    /// the bundle of another daemon.
    /// </summary>
    private static bool IsShim(int pid, Bundle bundle)
    {
        string arguments = Arguments(pid);
        return IsOfNamespace(arguments, bundle) && !IsCommand(arguments) && !IsOfOtherDaemon(pid, bundle);
    }

    private static bool IsProgram(int pid, Bundle bundle)
    {
        string arguments = Arguments(pid);
        return arguments.Contains($"\0--log\0{bundle.DirectoryPath}/", StringComparison.Ordinal)
            || arguments.Contains($"\0--bundle\0{bundle.DirectoryPath}\0", StringComparison.Ordinal)
            || (IsCommand(arguments) && IsOfNamespace(arguments, bundle) && HasId(arguments, bundle)
                && WorkingDirectory(pid) == bundle.DirectoryPath);
    }

    private static bool IsOfNamespace(string arguments, Bundle bundle) =>
        arguments.Contains($"\0-namespace\0{bundle.Namespace}\0", StringComparison.Ordinal);

    private static bool HasId(string arguments, Bundle bundle) =>
        arguments.Contains($"\0-id\0{bundle.Id}\0", StringComparison.Ordinal);

    private static bool IsCommand(string arguments) =>
        arguments.EndsWith("\0start\0", StringComparison.Ordinal) || arguments.EndsWith("\0delete\0", StringComparison.Ordinal);

    /// <summary>Shims are started in a bundle, and most stay there.</summary>
    private static bool IsOfOtherDaemon(int pid, Bundle bundle)
    {
        return StateOf(WorkingDirectory(pid)) is { } state && state != StateOf(bundle.DirectoryPath);

        // What is above the tree that a bundle is in.
        static string? StateOf(string directory) =>
            new[] { BundleStore.TaskTree, BundleStore.SandboxTree }
                .Select(tree => directory.IndexOf($"/{tree}/", StringComparison.Ordinal))
                .Where(at => at >= 0)
                .Select(at => directory[..at])
                .FirstOrDefault();
    }

    private static string? Value(string arguments, string name)
    {
        string[] parts = arguments.Split('\0');
        int at = Array.IndexOf(parts, name);
        return at >= 0 && at + 1 < parts.Length ? parts[at + 1] : null;
    }

    private static int ParentOf(int pid)
    {
        try
        {
            // The name, in brackets, may hold anything.
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 1 && int.TryParse(fields[1], CultureInfo.InvariantCulture, out int parent) ? parent : 0;
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return 0;
        }
    }

    private static IEnumerable<int> All()
    {
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                yield return pid;
            }
        }
    }

    private static string WorkingDirectory(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/cwd").LinkTarget ?? "";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // No such process, or none that this one may look at.
            return "";
        }
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
