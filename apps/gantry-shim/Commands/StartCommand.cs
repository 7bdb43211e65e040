using System.Globalization;
using System.Runtime.InteropServices;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Shim.Bundles;
using Gantry.Shim.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Commands;

/// <summary>
/// Starts the shim of a container, or finds that of its group, and prints where it listens. Nothing else may be printed.
/// The working directory is the bundle.
/// </summary>
/// <remarks>
/// 1. The socket's path follows from the daemon's address, the namespace, and the group that config.json names.
/// 2. The socket is made. If it is taken, whoever answers there is the group's shim; a dead one's is removed.
/// 3. The program starts itself again, apart from this process, with the listener.
/// 4. The address is written into the bundle and printed.
/// </remarks>
internal static class StartCommand
{
    private const int InputLimit = 1 << 20;
    private const int Backlog = 128;
    private const int OomScoreMax = 1000;
    private const string CoreSchedulingVariable = "SCHED_CORE";

    public static int Run(ShimArguments arguments)
    {
        Bootstrap bootstrap = Bootstrap.Parse(StandardStreams.ReadInput(InputLimit), arguments.Id);
        string bundle = Directory.GetCurrentDirectory();

        // Step 1: the path
        string group = BundleConfig.Read(bundle).Group is { Length: > 0 } named ? named : arguments.Id;
        string path = ShimAddress.PathFor(arguments, group, bootstrap.SocketDirectory);
        string address = ShimAddress.ToAddress(path);

        // Step 2: the socket
        if (Listen(path) is { } listener)
        {
            // Step 3: the shim
            using (listener)
            {
                int pid = Launch(arguments, bundle, listener, path);
                Settle(pid, path, bootstrap.Options);
                BundleFiles.WriteWhole(
                    Path.Combine(bundle, BundleFiles.ShimPid), pid.ToString(CultureInfo.InvariantCulture));
            }
        }

        // Step 4: the address
        BundleFiles.WriteWhole(Path.Combine(bundle, BundleFiles.Address), address);
        StandardStreams.Write(bootstrap.Answer(address, Environment.GetEnvironmentVariable("MAX_SHIM_VERSION")));
        return 0;
    }

    /// <summary>Makes the socket.</summary>
    /// <returns>The listener, or null if a shim answers there already.</returns>
    private static SafeFileHandle? Listen(string path)
    {
        Directory.CreateDirectory(
            Path.GetDirectoryName(path) ?? "/",
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        try
        {
            return Restrict(UnixSockets.Listen(path, Backlog), path);
        }
        catch (LinuxException e) when (e.Errno == Errno.EADDRINUSE)
        {
            if (UnixSockets.CanConnect(path))
            {
                return null;
            }
        }

        File.Delete(path);
        return Restrict(UnixSockets.Listen(path, Backlog), path);
    }

    private static SafeFileHandle Restrict(SafeFileHandle listener, string path)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return listener;
    }

    private static int Launch(ShimArguments arguments, string bundle, SafeFileHandle listener, string path)
    {
        ShareCores();
        using SafeFileHandle log = LogFifo.Open(bundle);
        List<string> serve =
        [
            "-namespace", arguments.Namespace, "-id", arguments.Id, "-address", arguments.Address,
            "-publish-binary", arguments.PublishBinary,
        ];
        if (arguments.Debug)
        {
            serve.Add("-debug");
        }

        try
        {
            return Spawn.StartDetached(new SpawnRequest
            {
                Program = Environment.ProcessPath ?? throw new ShimUsageException("the program's own path is not known"),
                Arguments = serve,
                WorkingDirectory = bundle,
                NewSession = true,
                BlockedSignals = [Signals.SIGUSR1],
                Descriptors = new Dictionary<int, SafeHandle>
                {
                    [1] = log,
                    [2] = log,
                    [ServeCommand.ListenerDescriptor] = listener,
                },
            });
        }
        catch (LinuxException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Lets the shim and all that it starts share CPU cores among themselves alone, where that is asked for.</summary>
    private static void ShareCores()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CoreSchedulingVariable)))
        {
            ProcessControl.CreateCoreScheduling();
        }
    }

    /// <summary>
    /// Makes the kernel take the shim a little before the daemon when memory runs out, which it may refuse, and puts the shim
    /// in its cgroup. A shim that cannot be where it was wanted is none.
    /// </summary>
    private static void Settle(int pid, string path, RuntimeOptions options)
    {
        try
        {
            string own = File.ReadAllText("/proc/self/oom_score_adj").Trim();
            int score = int.TryParse(own, CultureInfo.InvariantCulture, out int value) ? value : 0;
            ProcessControl.SetOomScoreAdjustment(pid, Math.Min(score + 1, OomScoreMax));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It keeps the score that it inherited.
            _ = e;
        }

        Join(pid, path, options.ShimCgroup);
    }

    private static void Join(int pid, string path, string cgroup)
    {
        if (cgroup.Length == 0)
        {
            return;
        }

        try
        {
            Gantry.Linux.Cgroups.CgroupPaths.AddProcess(cgroup, pid);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Signals.Send(pid, Signals.SIGKILL);
            File.Delete(path);
            throw new IOException($"failed to join cgroup {cgroup}: {e.Message}", e);
        }
    }
}
