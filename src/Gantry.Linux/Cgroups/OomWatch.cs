using System.Runtime.InteropServices;
using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Cgroups;

/// <summary>
/// Tells when the kernel kills a process of a cgroup for want of memory. Version 1 says so through an eventfd that is
/// bound to <c>memory.oom_control</c>, version 2 by a change of <c>memory.events</c>, seen with inotify(7).
/// </summary>
public sealed partial class OomWatch : IDisposable
{
    private const int IN_NONBLOCK_CLOEXEC = 0x80800;
    private const uint IN_MODIFY = 2;
    private const int BufferSize = 4096;

    private readonly SafeFileHandle _events;
    private readonly SafeFileHandle? _control;
    private readonly string _directory;
    private readonly bool _unified;
    private readonly Action _killed;
    private IDisposable? _watch;
    private ulong _seen;

    private OomWatch(
        SafeFileHandle events, SafeFileHandle? control, string directory, bool unified, Action killed)
    {
        _events = events;
        _control = control;
        _directory = directory;
        _unified = unified;
        _killed = killed;
    }

    /// <summary>Watches a cgroup.</summary>
    /// <param name="paths">The cgroup.</param>
    /// <param name="loop">Where to wait.</param>
    /// <param name="killed">Called, on the loop's thread, for each kill or burst of kills; it must not wait.</param>
    /// <returns>The watch, or null where the machine cannot tell.</returns>
    public static OomWatch? Begin(CgroupPaths paths, IoLoop loop, Action killed)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(loop);
        string? directory = paths.Unified ? paths.UnifiedDirectory : paths.Directory("memory");
        string file = paths.Unified ? "memory.events" : "memory.oom_control";
        if (directory is null || !File.Exists(Path.Combine(directory, file)))
        {
            return null;
        }

        OomWatch watch = paths.Unified ? BeginUnified(directory, killed) : BeginLegacy(directory, killed);
        watch._seen = watch.Kills();
        watch._watch = loop.Watch(watch._events, once: false, watch.OnEvent);
        return watch;
    }

    /// <summary>
    /// Asks now, without waiting to be told: before the end of a process is made known, so that its cause comes first.
    /// </summary>
    public void Check()
    {
        ulong kills = Kills();
        if (Interlocked.Exchange(ref _seen, kills) < kills)
        {
            _killed();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Dispose();
        _events.Dispose();
        _control?.Dispose();
    }

    private static OomWatch BeginLegacy(string directory, Action killed)
    {
        SafeFileHandle events = Descriptors.CreateEvent();
        SafeFileHandle control = File.OpenHandle(Path.Combine(directory, "memory.oom_control"));
        File.WriteAllText(
            Path.Combine(directory, "cgroup.event_control"),
            $"{events.DangerousGetHandle()} {control.DangerousGetHandle()}");
        return new OomWatch(events, control, directory, unified: false, killed);
    }

    private static OomWatch BeginUnified(string directory, Action killed)
    {
        string file = Path.Combine(directory, "memory.events");
        int fd = inotify_init1(IN_NONBLOCK_CLOEXEC);
        SafeFileHandle events = fd < 0 ? throw LinuxException.Last("inotify_init1", file) : new SafeFileHandle(fd, true);
        if (inotify_add_watch(events, file, IN_MODIFY) < 0)
        {
            LinuxException failure = LinuxException.Last("inotify_add_watch", file);
            events.Dispose();
            throw failure;
        }

        return new OomWatch(events, null, directory, unified: true, killed);
    }

    private ulong Kills() => _unified
        ? CgroupFiles.Table(_directory, "memory.events").GetValueOrDefault("oom_kill")
        : CgroupFiles.Table(_directory, "memory.oom_control").GetValueOrDefault("oom_kill");

    private void OnEvent()
    {
        Span<byte> buffer = stackalloc byte[BufferSize];
        while (Descriptors.Read(_events, buffer) == BufferSize)
        {
        }

        Check();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int inotify_add_watch(SafeFileHandle fd, string pathname, uint mask);
}
