using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Processes;

/// <summary>A process and all that it has started.</summary>
public static class ProcessTree
{
    private const int Limit = 4096;

    /// <summary>Kills a process, its children, and theirs. What has left the tree before, as a daemon does, lives on.</summary>
    /// <param name="pid">The process.</param>
    public static void Kill(int pid)
    {
        List<SafeFileHandle> handles = [];
        try
        {
            // A parent is stopped before its children are read: it makes no more of them.
            Queue<int> left = new([pid]);
            while (left.TryDequeue(out int next) && handles.Count < Limit)
            {
                if (Stop(next) is { } handle)
                {
                    handles.Add(handle);
                    foreach (int child in Children(next))
                    {
                        left.Enqueue(child);
                    }
                }
            }

            foreach (SafeFileHandle handle in handles)
            {
                TrySignal(handle, Signals.SIGKILL);
            }
        }
        finally
        {
            handles.ForEach(static handle => handle.Dispose());
        }
    }

    private static SafeFileHandle? Stop(int pid)
    {
        try
        {
            SafeFileHandle handle = Pidfd.Open(pid);
            TrySignal(handle, Signals.SIGSTOP);
            return handle;
        }
        catch (LinuxException e) when (e.Errno is Errno.ESRCH)
        {
            // It has ended meanwhile.
            return null;
        }
    }

    private static void TrySignal(SafeFileHandle process, int signal)
    {
        try
        {
            Pidfd.SendSignal(process, signal);
        }
        catch (LinuxException e) when (e.Errno is Errno.ESRCH)
        {
            // It has ended meanwhile, which is what was wanted.
            return;
        }
    }

    private static IEnumerable<int> Children(int pid)
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task"))
                    .SelectMany(static thread => File.ReadAllText(Path.Combine(thread, "children"))
                        .Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(static child => int.Parse(child, CultureInfo.InvariantCulture)),
            ];
        }
        catch (IOException)
        {
            // The process has ended meanwhile, and its children are nobody's.
            return [];
        }
    }
}
