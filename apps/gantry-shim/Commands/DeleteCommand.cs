using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Mounts;
using Gantry.Shim.Bundles;
using Gantry.Shim.Containers;
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
        RuntimeFailure? failed = await ContainerRemains.RemoveAsync(
            runtime, arguments.Id, CgroupsPath(bundle), TimeProvider.System);
        MountCalls.UnmountAll(Path.Combine(bundle, BundleFiles.Rootfs), UnmountFlags.MNT_DETACH);
        RemoveDeadSocket(bundle, arguments);
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

    private static string? CgroupsPath(string bundle)
    {
        try
        {
            return BundleConfig.Read(bundle).CgroupsPath;
        }
        catch (IOException)
        {
            // The bundle is gone, or was never whole.
            return null;
        }
    }

    /// <summary>
    /// The shim's socket, unless another container's shim of the group listens on it. A shim that was killed before it could
    /// write where it listens had it at the usual place.
    /// </summary>
    private static void RemoveDeadSocket(string bundle, ShimArguments arguments)
    {
        string file = Path.Combine(bundle, BundleFiles.Address);
        string path = File.Exists(file)
            ? ShimAddress.ToPath(File.ReadAllText(file).Trim())
            : ShimAddress.PathFor(arguments, arguments.Id, socketDirectory: "");
        if (path.Length > 0 && File.Exists(path) && !Linux.Io.UnixSockets.CanConnect(path))
        {
            File.Delete(path);
        }
    }
}
