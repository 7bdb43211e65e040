using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Mounts;
using Gantry.Shim.Bundles;
using Gantry.Shim.Executor;
using Gantry.Shim.Logging;
using Google.Protobuf;

namespace Gantry.Shim.Commands;

/// <summary>
/// Cleans up after a shim that is gone: kills what is left of the container, unmounts its root filesystem, and prints a
/// DeleteResponse. It can be run again and again.
/// </summary>
internal static class DeleteCommand
{
    /// <summary>What a container that was killed ends with.</summary>
    private const uint KilledStatus = 137;

    public static async Task<int> RunAsync(ShimArguments arguments)
    {
        string bundle = arguments.Bundle.Length > 0
            ? Path.GetFullPath(arguments.Bundle)
            : Path.Combine(Path.GetDirectoryName(Directory.GetCurrentDirectory()) ?? "/", arguments.Id);
        RuntimeOptions options = RuntimeOptions.Read(bundle);
        string runtimeFile = Path.Combine(bundle, BundleFiles.Runtime);
        if (File.Exists(runtimeFile))
        {
            options = options with { BinaryName = (await File.ReadAllTextAsync(runtimeFile)).Trim() };
        }

        OciRuntime runtime = new(
            options, ShimAddress.StateDirectory(arguments.Address), arguments.Namespace, bundle);
        RuntimeFailure? failed = await runtime.RunAsync("delete", "--force", arguments.Id);
        MountCalls.UnmountAll(Path.Combine(bundle, BundleFiles.Rootfs), UnmountFlags.MNT_DETACH);
        RemoveDeadSocket(bundle);
        if (failed is not null && !failed.Reason.Contains("does not exist", StringComparison.Ordinal)
            && File.Exists(runtimeFile))
        {
            StandardStreams.WriteError($"failed to remove runc container: {failed.Reason}\n");
        }

        DeleteResponse response = new()
        {
            ExitStatus = KilledStatus,
            ExitedAt = TimeProvider.System.GetUtcNow().ToMessage(),
            Pid = ReadPid(bundle),
        };
        StandardStreams.Write(response.ToByteArray());
        return 0;
    }

    private static uint ReadPid(string bundle)
    {
        string path = Path.Combine(bundle, BundleFiles.InitPid);
        return File.Exists(path) ? (uint)BundleFiles.ReadPid(path) : 0;
    }

    /// <summary>The shim's socket, unless another container's shim of the group listens on it.</summary>
    private static void RemoveDeadSocket(string bundle)
    {
        string file = Path.Combine(bundle, BundleFiles.Address);
        string path = File.Exists(file) ? ShimAddress.ToPath(File.ReadAllText(file).Trim()) : "";
        if (path.Length > 0 && File.Exists(path) && !Linux.Io.UnixSockets.CanConnect(path))
        {
            File.Delete(path);
        }
    }
}
