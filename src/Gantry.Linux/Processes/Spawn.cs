using System.Collections;
using System.Runtime.InteropServices;
using Gantry.Linux.Namespaces;

namespace Gantry.Linux.Processes;

/// <summary>
/// Starting processes, with <see href="https://man7.org/linux/man-pages/man3/posix_spawn.3.html">posix_spawn(3)</see>:
/// managed code must not fork. Children begin with all signals at their defaults and none blocked but those asked for, and
/// with no other file descriptors than those given. Their end is told by <see cref="Reaper"/>, so
/// System.Diagnostics.Process must not be used beside it.
/// </summary>
public static unsafe partial class Spawn
{
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;
    private const int O_RDWR = 2;
    private const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>At least the size of posix_spawn_file_actions_t (80) and posix_spawnattr_t (336), on x64 and arm64.</summary>
    private const int OpaqueSize = 512;

    private const int SignalSetSize = 128;

    /// <summary>Starts a process whose end is awaited with the task that comes back.</summary>
    /// <param name="request">What to start.</param>
    /// <returns>Its process id, and its end.</returns>
    /// <exception cref="LinuxException">It could not be started; nothing was.</exception>
    public static SpawnedProcess Start(SpawnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Reaper.Shared.Spawn(() => StartUnwatched(request));
    }

    /// <summary>
    /// Starts a process that this one will not wait for, because it ends before: its end is told to whoever inherits it.
    /// </summary>
    /// <param name="request">What to start.</param>
    /// <returns>Its process id.</returns>
    /// <exception cref="LinuxException">It could not be started; nothing was.</exception>
    public static int StartDetached(SpawnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return StartUnwatched(request);
    }

    /// <summary>Finds a program as a shell would, in PATH and then in the directories of system programs.</summary>
    /// <param name="name">A name, or a path with a slash in it.</param>
    /// <returns>Its path, or null if there is none.</returns>
    public static string? Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(name) ? name : null;
        }

        string path = System.Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string directory in $"{path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".Split(
            ':', StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Combine(directory, name);
            if (access(candidate, 1) == 0 && File.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>This process's environment as <c>NAME=value</c>, some variables changed or taken away.</summary>
    /// <param name="changes">Names and new values; null takes a variable away.</param>
    public static IReadOnlyList<string> EnvironmentWith(IReadOnlyDictionary<string, string?> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        List<string> result = [];
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            if (!changes.ContainsKey((string)entry.Key))
            {
                result.Add($"{entry.Key}={entry.Value}");
            }
        }

        foreach ((string name, string? value) in changes)
        {
            if (value is not null)
            {
                result.Add($"{name}={value}");
            }
        }

        return result;
    }

    private static int StartUnwatched(SpawnRequest request) => request.HiddenMount is { } mount
        ? MountNamespace.Without(mount, () => StartHere(request))
        : StartHere(request);

    private static int StartHere(SpawnRequest request)
    {
        // Invariant: both buffers are larger than the library's types, and are destroyed by the calls that match.
        byte* actions = stackalloc byte[OpaqueSize];
        byte* attributes = stackalloc byte[OpaqueSize];
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init", request.Program);
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init", request.Program);
        List<int> duplicates = [];
        List<SafeHandle> held = [];
        NativeStrings arguments = new([request.Name ?? request.Program, .. request.Arguments]);
        NativeStrings environment =
            new(request.Environment ?? EnvironmentWith(new Dictionary<string, string?>(StringComparer.Ordinal)));
        try
        {
            SetAttributes(attributes, request);
            SetDescriptors(actions, request, duplicates, held);
            if (request.WorkingDirectory is { } directory)
            {
                Check(
                    posix_spawn_file_actions_addchdir_np(actions, directory),
                    "posix_spawn_file_actions_addchdir_np",
                    directory);
            }

            int result = posix_spawn(
                out int pid, request.Program, actions, attributes, arguments.Pointer, environment.Pointer);
            Check(result, "posix_spawn", request.Program);
            return pid;
        }
        finally
        {
            foreach (SafeHandle handle in held)
            {
                handle.DangerousRelease();
            }

            foreach (int duplicate in duplicates)
            {
                _ = close(duplicate);
            }

            arguments.Dispose();
            environment.Dispose();
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    private static void SetAttributes(byte* attributes, SpawnRequest request)
    {
        byte* signals = stackalloc byte[SignalSetSize];
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        _ = sigemptyset(signals);
        foreach (int blocked in request.BlockedSignals)
        {
            _ = sigaddset(signals, blocked);
        }

        Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask", request.Program);
        _ = sigfillset(signals);
        Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault", request.Program);
        flags |= request.NewSession ? POSIX_SPAWN_SETSID : (short)0;
        Check(posix_spawnattr_setflags(attributes, flags), "posix_spawnattr_setflags", request.Program);
    }

    /// <summary>
    /// The actions run one after another in the child, so a handle whose number is also one of the child's is moved out
    /// of the way first.
    /// </summary>
    private static void SetDescriptors(
        byte* actions, SpawnRequest request, List<int> duplicates, List<SafeHandle> held)
    {
        int last = Math.Max(2, request.Descriptors.Keys.DefaultIfEmpty(2).Max());
        for (int target = 0; target <= last; target++)
        {
            if (request.Descriptors.TryGetValue(target, out SafeHandle? handle))
            {
                bool added = false;
                handle.DangerousAddRef(ref added);
                held.Add(handle);
                int source = (int)handle.DangerousGetHandle();
                if (source <= last)
                {
                    source = fcntl(source, F_DUPFD_CLOEXEC, last + 1);
                    if (source < 0)
                    {
                        throw LinuxException.Last("fcntl", request.Program);
                    }

                    duplicates.Add(source);
                }

                Check(
                    posix_spawn_file_actions_adddup2(actions, source, target),
                    "posix_spawn_file_actions_adddup2",
                    request.Program);
            }
            else if (target <= 2)
            {
                Check(
                    posix_spawn_file_actions_addopen(actions, target, "/dev/null", O_RDWR, 0),
                    "posix_spawn_file_actions_addopen",
                    request.Program);
            }
        }

        Check(
            posix_spawn_file_actions_addclosefrom_np(actions, last + 1),
            "posix_spawn_file_actions_addclosefrom_np",
            request.Program);
    }

    private static void Check(int result, string call, string subject)
    {
        if (result != 0)
        {
            throw new LinuxException(call, subject, result);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int pid, string path, byte* file_actions, byte* attrp, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* file_actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* file_actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* file_actions, int fildes, int newfildes);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(
        byte* file_actions, int fildes, string path, int oflag, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* file_actions, string path);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* file_actions, int from);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attr);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attr);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attr, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attr, byte* sigmask);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attr, byte* sigdefault);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* set);

    [LibraryImport("libc")]
    private static partial int sigaddset(byte* set, int signum);

    [LibraryImport("libc")]
    private static partial int sigfillset(byte* set);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int cmd, nint arg);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
